// Keeps the machine patched: discover → fetch → wait for the window → drain → apply → check → commit, or take back.
//
// Invariants:
// - A state is written down before anything of it is done, and everything of a state can be done again. So whoever goes on
//   after a death calls the same method, and a patch ends as applied or as taken back.
// - At most one patch is past `ready`.
// - What was taken back is remembered by its version and not tried again.
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../store/id.ts'
import type { Hold, PatchRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import type { PatchClock, Readings } from './clock.ts'
import { type DrainParts, drain, undrain } from './drain.ts'
import type { FleetLock } from './fleet-lock.ts'
import { failedSince, type HealthGate, newFaults } from './health.ts'
import { NotNow, PatchFailed, type PatchKind, type Work } from './kind.ts'
import { Patches } from './patches.ts'
import { choose, deadlineOf, type Situation, verdictOn } from './plan.ts'
import type { Policy } from './policy.ts'

/** Milliseconds: between two looks at the time, at least and at most; and between two tries of what did not work. */
const [shortest, longest] = [1_000, 60_000]
const firstRetry = 2_000
/** Milliseconds between two times that the time is written down. */
const clockEvery = 10 * 60_000
/** A patch that cannot be put in for so long, for reasons that pass, is taken back. */
const applyPatience = 30 * 60_000

export type EngineParts = DrainParts & {
  store: Store
  kinds: readonly PatchKind[]
  health: Pick<HealthGate, 'measure'>
  lock: Pick<FleetLock, 'lock' | 'release'>
  clock: PatchClock
  read: () => Readings
  policy: Policy
  /** What this machine is told from others by. */
  machine: string
  log: Logger
}

export class Patching {
  readonly patches: Patches
  readonly #parts: EngineParts
  readonly #closing = new AbortController()
  #interrupt = new AbortController()
  #running: Promise<void> | undefined
  #checkNow = false
  /** Why the last check of a kind did not work. */
  readonly problems = new Map<string, string>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.patches = new Patches(parts.store)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#closing.abort(new Error('the agent is stopping'))
    this.#interrupt.abort()
    await this.#running
  }

  /** Looks for something newer now. */
  check(): void {
    this.#checkNow = true
    this.#wake()
  }

  /** Lets a patch go in whatever the policy says. @throws ApiError 404. */
  apply(id: string): void {
    this.patches.get(id)
    this.patches.change(id, { forced: true, notBefore: 0 })
    this.#wake()
  }

  /** @param until ms since 1970; a patch goes in when it has waited as long as the policy allows all the same. */
  hold(what: string, until: number, reason: string): Hold {
    return this.#parts.store.holds.put({ id: newId(), what, until, reason })
  }

  unhold(what: string): void {
    const { holds } = this.#parts.store
    for (const hold of holds.list()) if (hold.what === what) holds.delete(hold.id)
    this.#wake()
  }

  /** Gives the place at the fleet's lock back, by hand. */
  unlock() {
    return this.#parts.lock.release(this.#closing.signal)
  }

  situation(): Situation {
    const { store, policy, machine, clock, read } = this.#parts
    return { now: clock.now(read()), policy, machine, holds: store.holds.list() }
  }

  /** ms since 1970. */
  get checkedAt(): number {
    return this.#number('patch.checked')
  }

  get nextCheckAt(): number {
    return this.#number('patch.next-check')
  }

  async #run(): Promise<void> {
    const { log } = this.#parts
    while (!this.#closing.signal.aborted) {
      this.#interrupt = new AbortController()
      let pause = longest
      try {
        pause = await this.round()
      } catch (error) {
        if (this.#closing.signal.aborted) return
        log.warn({ error: (error as Error).message }, 'patching waits; it will be tried again')
      }
      await sleep(Math.min(pause, longest), undefined, { signal: this.#interrupt.signal, ref: false }).catch(() => {})
    }
  }

  /** One look at everything, and the next thing done. @returns milliseconds until there may be more to do. */
  async round(): Promise<number> {
    const { now } = this.situation()
    if (Math.abs(now - this.#number('patch.clock')) > clockEvery) this.#remember('patch.clock', now)
    for (const { id, until } of this.#parts.store.holds.list()) if (until <= now) this.#parts.store.holds.delete(id)
    const { active } = this.patches
    if (active) return this.#advance(active)
    if (this.#checkNow || now >= this.nextCheckAt) await this.#discover()
    const fetching = this.patches.list().find(({ state, notBefore }) => state !== 'ready' && notBefore <= now)
    if (fetching) return this.#advance(fetching)
    const ready = this.patches.list().filter(({ state, notBefore }) => state === 'ready' && notBefore <= now)
    const chosen = choose(ready, this.situation())
    if (chosen) return this.#begin(chosen.patch, chosen.why)
    return this.#untilNext()
  }

  async #discover(): Promise<void> {
    const { kinds, policy } = this.#parts
    this.#checkNow = false
    for (const kind of kinds) {
      try {
        const { offers, problems } = await kind.discover(this.#closing.signal)
        const key = `patch.checked.${kind.name}`
        const { now } = this.situation()
        // Since when it is newer is not known, but it was not at the last look: after a week without an agent or a server the
        // time that it may be deferred is over as well.
        const since = this.#number(key) || now
        // What could not be asked now stays as it was known.
        const whole = problems.length === 0
        for (const record of this.patches.take(kind, offers, { policy, now, since, whole }))
          await kind.drop?.(record, this.#work(record))
        if (whole) this.#remember(key, now)
        this.#note(kind, problems.join('; '))
      } catch (error) {
        this.#closing.signal.throwIfAborted()
        this.#note(kind, (error as Error).message)
      }
    }
    const { now } = this.situation()
    this.#remember('patch.checked', now)
    // Last, so that a look that was cut off is done again.
    this.#remember('patch.next-check', now + policy.checkEvery + (Math.random() - 0.5) * policy.jitter)
  }

  #note({ name }: PatchKind, problem: string): void {
    if (problem && this.problems.get(name) !== problem)
      this.#parts.log.warn({ kind: name, error: problem }, 'what is newer is not known')
    if (problem) this.problems.set(name, problem)
    else this.problems.delete(name)
  }

  async #begin(patch: PatchRecord, why: string): Promise<number> {
    const { lock, log, policy } = this.#parts
    const answer = await lock.lock(this.#closing.signal)
    const { now } = this.situation()
    if (answer !== 'granted') {
      // A server that is away must not mean never patched; one that says no is somebody's decision.
      const overdue = 'unreachable' in answer && (patch.forced || now >= deadlineOf(patch, policy))
      const reason = 'refused' in answer ? `the fleet: ${answer.refused}` : `the fleet's lock: ${answer.unreachable}`
      if (!overdue) return this.#later(patch, reason)
    }
    log.info({ patch: patch.id, from: patch.from, to: patch.to, why }, 'a patch goes in')
    const disturbs = this.#kindOf(patch).disturbs(patch)
    this.patches.enter(patch.id, disturbs ? 'draining' : 'measuring', now, disturbs ? { drained: [] } : {})
    return 0
  }

  async #advance(patch: PatchRecord): Promise<number> {
    const { now } = this.situation()
    if (patch.notBefore > now) return patch.notBefore - now
    try {
      await this.#step(patch)
      return 0
    } catch (error) {
      this.#closing.signal.throwIfAborted()
      const message = (error as Error).message
      if (patch.state === 'applying') {
        if (error instanceof NotNow) return this.#backToReady(patch, message)
        const patience = now - patch.enteredAt > applyPatience
        if (error instanceof PatchFailed || patience) {
          this.patches.enter(patch.id, 'reverting', now, { reason: message })
          return 0
        }
      }
      return this.#later(patch, message)
    }
  }

  async #step(patch: PatchRecord): Promise<void> {
    const { health, policy } = this.#parts
    const kind = this.#kindOf(patch)
    const work = this.#work(patch)
    const { signal } = work
    const enter = (state: PatchRecord['state'], fields?: Partial<PatchRecord>) =>
      this.patches.enter(patch.id, state, this.situation().now, fields)
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
        await drain(this.#parts, patch.id, performance.now() + policy.drain, signal)
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
        await this.#parts.lock.release(signal)
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
    this.patches.end(patch, outcome, reason, this.situation().now)
    const said = { patch: patch.id, from: patch.from, to: patch.to, ...(reason && { reason }) }
    if (outcome === 'applied') log.info(said, 'a patch is in and proven')
    else log.error(said, 'a patch was taken back; that version is not tried again')
  }

  #later(patch: PatchRecord, message: string): number {
    const { log, policy } = this.#parts
    const { now } = this.situation()
    const pause = Math.min(firstRetry * 2 ** patch.tries, policy.checkEvery)
    if (message !== patch.lastError) log.warn({ patch: patch.id, state: patch.state, error: message }, 'a patch waits')
    this.patches.change(patch.id, { tries: patch.tries + 1, lastError: message, notBefore: now + pause })
    return 0
  }

  async #backToReady(patch: PatchRecord, message: string): Promise<number> {
    undrain(this.#parts, patch.id)
    await this.#parts.lock.release(this.#closing.signal)
    this.patches.change(patch.id, { state: 'ready', baseline: undefined })
    return this.#later(patch, message)
  }

  #untilNext(): number {
    const situation = this.situation()
    const { now } = situation
    const times = this.patches.list().map((patch) => {
      const verdict = verdictOn(patch, situation)
      return verdict.go ? patch.notBefore : Math.max(verdict.until, patch.notBefore)
    })
    return Math.max(shortest, Math.min(this.nextCheckAt, ...times) - now)
  }

  #kindOf({ kind }: PatchRecord): PatchKind {
    const found = this.#parts.kinds.find(({ name }) => name === kind)
    if (!found) throw new Error(`patch.kinds does not name ${kind} any more`)
    return found
  }

  #work({ id }: PatchRecord): Work {
    const note = (work: Record<string, unknown>) => {
      this.#parts.store.patches.change(id, (latest) => ({ ...latest, work: { ...latest.work, ...work } }))
    }
    return { signal: this.#closing.signal, note }
  }

  #number(id: string): number {
    return Number(this.#parts.store.settings.get(id)?.value ?? 0)
  }

  #remember(id: string, value: number): void {
    this.#parts.store.settings.put({ id, value })
  }

  #wake(): void {
    this.#interrupt.abort()
  }
}
