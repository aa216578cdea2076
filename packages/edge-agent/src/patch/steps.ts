// What is done about one patch, state by state.
//
// Invariants:
// - A state is written down before anything of it is done, and everything of a state can be done again. So whoever goes on
//   after a death calls the same method, and a patch ends as applied or as taken back.
// - What was taken back is remembered by its version and not tried again.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PatchRecord } from '../store/patch-records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import { type DrainParts, drain, undrain } from './drain.ts'
import type { FleetLock } from './fleet-lock.ts'
import { failedSince, type HealthGate, newFaults } from './health.ts'
import { NotNow, PatchFailed, type PatchKind, type Work } from './kind.ts'
import type { Patches } from './patches.ts'
import { deadlineOf } from './plan.ts'
import type { Policy } from './policy.ts'

/** Milliseconds between two tries of what did not work, the first time. */
const firstRetry = 2_000
/** A patch that cannot be put in for so long, for reasons that pass, is taken back. */
const applyPatience = 30 * 60_000

/** Setting that is there while a place at the fleet's lock is still to be given back. */
const toRelease = 'patch.release-lock'

export type StepParts = DrainParts & {
  store: Store
  kinds: readonly PatchKind[]
  health: Pick<HealthGate, 'measure'>
  lock: Pick<FleetLock, 'lock' | 'release'>
  policy: Policy
  log: Logger
}

export class Steps {
  readonly #parts: StepParts
  readonly #patches: Patches
  /** ms since 1970, as far as it is believed. */
  readonly #now: () => number
  readonly #signal: AbortSignal

  constructor(parts: StepParts, patches: Patches, now: () => number, signal: AbortSignal) {
    this.#parts = parts
    this.#patches = patches
    this.#now = now
    this.#signal = signal
  }

  /** Where the fleet's lock lets it, a patch that is ready begins to go in. @returns milliseconds until there is more to do. */
  async begin(patch: PatchRecord, why: string): Promise<number> {
    const { lock, log, policy, store } = this.#parts
    const answer = await lock.lock(this.#signal)
    const now = this.#now()
    if (answer !== 'granted') {
      // A server that is away must not mean never patched; one that says no is somebody's decision.
      const overdue = 'unreachable' in answer && (patch.forced || now >= deadlineOf(patch, policy))
      const reason = 'refused' in answer ? `the fleet: ${answer.refused}` : `the fleet's lock: ${answer.unreachable}`
      if (!overdue) return this.#later(patch, reason)
    }
    store.settings.delete(toRelease)
    log.info({ patch: patch.id, from: patch.from, to: patch.to, why }, 'a patch goes in')
    const disturbs = this.#kindOf(patch).disturbs(patch)
    this.#patches.enter(patch.id, disturbs ? 'draining' : 'measuring', now, disturbs ? { drained: [] } : {})
    return 0
  }

  /** Does the work of its state. @returns milliseconds until there is more to do. */
  async advance(patch: PatchRecord): Promise<number> {
    const now = this.#now()
    if (patch.notBefore > now) return patch.notBefore - now
    try {
      await this.#step(patch)
      return 0
    } catch (error) {
      this.#signal.throwIfAborted()
      const message = (error as Error).message
      if (patch.state === 'applying') {
        if (error instanceof NotNow) return this.#backToReady(patch, message)
        const patience = now - patch.enteredAt > applyPatience
        if (error instanceof PatchFailed || patience) {
          this.#patches.enter(patch.id, 'reverting', now, { reason: message })
          return 0
        }
      }
      return this.#later(patch, message)
    }
  }

  async #step(patch: PatchRecord): Promise<void> {
    const { health, policy } = this.#parts
    const kind = this.#kindOf(patch)
    const work = this.work(patch)
    const { signal } = work
    const enter = (state: PatchRecord['state'], fields?: Partial<PatchRecord>) =>
      this.#patches.enter(patch.id, state, this.#now(), fields)
    switch (patch.state) {
      case 'pending':
        enter('fetching')
        return
      case 'fetching':
        await kind.fetch?.(patch, work)
        enter('ready')
        return
      case 'ready':
        return
      case 'draining':
        // Whoever goes on after a death gives what is left of the time.
        await drain(this.#parts, patch.id, Math.max(0, patch.enteredAt + policy.drain - this.#now()), signal)
        enter('measuring')
        return
      case 'measuring': {
        const baseline = await health.measure(signal)
        enter('applying', { baseline })
        return
      }
      case 'applying':
        await kind.apply(patch, work)
        enter('checking')
        return
      case 'checking': {
        const faults = await this.#faults(patch, kind, work)
        if (faults.length === 0) enter('committing')
        else enter('reverting', { reason: faults.join('; ') })
        return
      }
      case 'committing':
        await kind.commit?.(patch, work)
        undrain(this.#parts, patch.id)
        this.#release()
        this.#finish(patch, 'applied', '')
        return
      case 'reverting':
        await kind.revert(patch, work)
        undrain(this.#parts, patch.id)
        this.#finish(patch, 'reverted', patch.reason)
    }
  }

  /** New faults that do not go away by themselves in time. */
  async #faults(patch: PatchRecord, kind: PatchKind, work: Work): Promise<string[]> {
    const { health, policy, store } = this.#parts
    const { baseline } = patch
    const deadline = performance.now() + policy.grace
    for (;;) {
      const faults: string[] = []
      if (baseline) {
        const after = await health.measure(work.signal, baseline, policy.slowdown)
        faults.push(...newFaults(baseline, after, policy.slowdown), ...failedSince(baseline, store))
      }
      if (faults.length === 0) faults.push(...((await kind.faults?.(patch, work)) ?? []))
      if (faults.length === 0 || performance.now() >= deadline) return faults
      await sleep(Math.min(2_000, policy.grace), undefined, { signal: work.signal })
    }
  }

  #finish(patch: PatchRecord, outcome: 'applied' | 'reverted', reason: string): void {
    const { log } = this.#parts
    this.#patches.end(patch, outcome, reason, this.#now())
    const said = { patch: patch.id, from: patch.from, to: patch.to, ...(reason && { reason }) }
    if (outcome === 'applied') log.info(said, 'a patch is in and proven')
    else log.error(said, 'a patch was taken back; that version is not tried again')
  }

  #later(patch: PatchRecord, message: string): number {
    const { log, policy } = this.#parts
    const now = this.#now()
    const pause = Math.min(firstRetry * 2 ** patch.tries, policy.checkEvery)
    if (message !== patch.lastError) log.warn({ patch: patch.id, state: patch.state, error: message }, 'a patch waits')
    this.#patches.change(patch.id, { tries: patch.tries + 1, lastError: message, notBefore: now + pause })
    return 0
  }

  #backToReady(patch: PatchRecord, message: string): number {
    undrain(this.#parts, patch.id)
    this.#release()
    this.#patches.change(patch.id, { state: 'ready', baseline: undefined })
    return this.#later(patch, message)
  }

  /** The place at the fleet's lock is to be given back, whether the server is there now or not. */
  #release(): void {
    this.#parts.store.settings.put({ id: toRelease, value: true })
  }

  /** Gives the place back where that is still to be done. @returns false where the server is away: it is to be tried again. */
  async releaseLock(): Promise<boolean> {
    const { store, lock } = this.#parts
    if (!store.settings.get(toRelease)) return true
    if ((await lock.release(this.#signal)) !== 'granted') return false
    store.settings.delete(toRelease)
    return true
  }

  #kindOf({ kind }: PatchRecord): PatchKind {
    const found = this.#parts.kinds.find(({ name }) => name === kind)
    if (!found) throw new Error(`patch.kinds does not name ${kind} any more`)
    return found
  }

  work({ id }: PatchRecord): Work {
    const note = (work: Record<string, unknown>) => {
      this.#parts.store.patches.change(id, (latest) => ({ ...latest, work: { ...latest.work, ...work } }))
    }
    return { signal: this.#signal, note }
  }
}
