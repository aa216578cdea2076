// The records of patches: what is offered becomes one, what ends leaves a line behind.
import { notFound } from '../errors.ts'
import type { PatchEnd, PatchRecord, PatchState } from '../store/patch-records.ts'
import type { Store } from '../store/store.ts'
import type { Offer, PatchKind } from './kind.ts'
import type { Policy } from './policy.ts'

/** Ends that are remembered; those of bad versions always are. */
const mostEnds = 200
/** States in which nothing was changed yet, so that another version may take its place. */
const early: ReadonlySet<PatchState> = new Set(['pending', 'fetching', 'ready'])

/** From here it may have to go back to `ready`. */
const goingIn: ReadonlySet<PatchState> = new Set(['draining', 'measuring', 'applying'])

/** A look for something newer: times in ms since 1970. */
export type Look = {
  policy: Policy
  now: number
  /** The look before it. */
  since: number
  /** Everybody could be asked. */
  whole: boolean
}

export class Patches {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  list(): PatchRecord[] {
    return this.#store.patches.list()
  }

  /** @throws ApiError 404. */
  get(id: string): PatchRecord {
    const found = this.#store.patches.get(id)
    if (!found) throw notFound('patch', id)
    return found
  }

  /** The newest one first. */
  ends(): PatchEnd[] {
    return this.#store.patchEnds.list().reverse()
  }

  /** The one that is under way: at most one is. */
  get active(): PatchRecord | undefined {
    return this.list().find(({ state }) => !early.has(state))
  }

  /** Takes in what a kind offers now. @returns those whose fetched things are wanted no more. */
  take(
    { name }: Pick<PatchKind, 'name'>,
    offers: readonly Offer[],
    { policy, now, since, whole }: Look,
  ): PatchRecord[] {
    const dropped: PatchRecord[] = []
    const wanted = offers.filter((offer) => !this.#isBad(name, offer) && allowed(name, offer, policy))
    for (const record of this.list()) {
      if (record.kind !== name || !early.has(record.state)) continue
      const offer = wanted.find(({ subject }) => subject === record.subject)
      if (offer?.to === record.to || (!offer && !whole)) continue
      dropped.push(record)
      if (!offer) this.#store.patches.delete(record.id)
    }
    for (const offer of wanted) {
      const id = `${name}/${offer.subject}`
      const before = this.#store.patches.get(id)
      if (before && (before.to === offer.to || !early.has(before.state))) continue
      this.#store.patches.put({
        ...fresh(now),
        ...{
          id,
          kind: name,
          offeredAt: before?.offeredAt ?? Math.min(since, now),
          urgent: offer.urgent || (before?.urgent ?? false),
        },
        ...{ subject: offer.subject, from: offer.from, to: offer.to, title: offer.title, work: offer.work ?? {} },
      })
    }
    return dropped
  }

  enter(id: string, state: PatchState, now: number, fields: Partial<PatchRecord> = {}): PatchRecord | undefined {
    const entered = { state, enteredAt: now, notBefore: 0 }
    // On its way in again, the tries before still count: each pause is longer than the last.
    const afresh = goingIn.has(state) ? {} : { tries: 0, lastError: '' }
    return this.#store.patches.change(id, (latest) => ({ ...latest, ...entered, ...afresh, ...fields }))
  }

  change(id: string, fields: Partial<PatchRecord>): PatchRecord | undefined {
    return this.#store.patches.change(id, (latest) => ({ ...latest, ...fields }))
  }

  /** The line first, and always the same one: cut off in between, it is written again and not twice. */
  end(
    { id, kind, subject, from, to, title, offeredAt, newestAt }: PatchRecord,
    outcome: PatchEnd['outcome'],
    reason: string,
    now: number,
  ) {
    const { patches, patchEnds } = this.#store
    patchEnds.put({ id: `${id}@${newestAt}`, kind, subject, from, to, title, offeredAt, at: now, outcome, reason })
    patches.delete(id)
    const old = patchEnds.list().filter((end) => end.outcome === 'applied')
    for (const one of old.slice(0, Math.max(0, old.length - mostEnds))) patchEnds.delete(one.id)
  }

  /** A version that was taken back may be tried again. @throws ApiError 404. */
  forgive(what: string): void {
    const bad = this.ends().filter((end) => end.outcome === 'reverted' && `${end.kind}/${end.subject}` === what)
    if (bad.length === 0) throw notFound('patch that was taken back', what)
    for (const { id } of bad) this.#store.patchEnds.delete(id)
  }

  #isBad(kind: string, { subject, to }: Offer): boolean {
    return this.#store.patchEnds
      .list()
      .some((end) => end.outcome === 'reverted' && end.kind === kind && end.subject === subject && end.to === to)
  }
}

function allowed(kind: string, { subject, to }: Offer, { pins }: Policy): boolean {
  const pin = pins.get(`${kind}/${subject}`)
  return pin === undefined || pin === to
}

const fresh = (now: number) => ({
  state: 'pending' as const,
  newestAt: now,
  enteredAt: now,
  forced: false,
  tries: 0,
  lastError: '',
  notBefore: 0,
  reason: '',
})
