// Keeps the machine patched: discover → fetch → wait for the window → drain → apply → check → commit, or take back.
//
// At most one patch is past `ready`. What is done about one is in `steps.ts`.
import { setTimeout as sleep } from 'node:timers/promises'
import { badRequest, notNow } from '../errors.ts'
import { newId } from '../store/id.ts'
import type { Hold } from '../store/patch-records.ts'
import type { PatchClock, Readings } from './clock.ts'
import { Discovered, type PatchKind } from './kind.ts'
import { Patches } from './patches.ts'
import { choose, type Situation, verdictOn } from './plan.ts'
import { patchKinds } from './policy.ts'
import { type StepParts, Steps } from './steps.ts'

/** Milliseconds between two looks at the time, at least and at most. */
const [shortest, longest] = [1_000, 60_000]
/** Milliseconds between two times that the time is written down. */
const clockEvery = 10 * 60_000

export type EngineParts = StepParts & {
  clock: PatchClock
  read: () => Readings
  /** What this machine is told from others by. */
  machine: string
}

export class Patching {
  readonly patches: Patches
  readonly #parts: EngineParts
  readonly #steps: Steps
  readonly #closing = new AbortController()
  #interrupt = new AbortController()
  #running: Promise<void> | undefined
  #checkNow = false
  /** Why the last check of a kind did not work. */
  readonly problems = new Map<string, string>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.patches = new Patches(parts.store)
    this.#steps = new Steps(parts, this.patches, () => this.situation().now, this.#closing.signal)
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

  /** @param until ms since 1970; a patch goes in when it has waited as long as the policy allows all the same. @throws ApiError 400. */
  hold(what: string, until: number, reason: string): Hold {
    const [kind = '', subject] = what.split('/')
    if (what !== '' && (subject === '' || !patchKinds.some((one) => one === kind)))
      throw badRequest(
        `"${what}" is nothing to hold: name a kind (${patchKinds.join(', ')}) or KIND/SUBJECT, or nothing`,
      )
    return this.#parts.store.holds.put({ id: newId(), what, until, reason })
  }

  unhold(what: string): void {
    const { holds } = this.#parts.store
    for (const hold of holds.list()) if (hold.what === what) holds.delete(hold.id)
    this.#wake()
  }

  /** Gives the place at the fleet's lock back, by hand. @throws ApiError 503. */
  async unlock(): Promise<void> {
    const answer = await this.#parts.lock.release(this.#closing.signal)
    if (answer !== 'granted') throw notNow(`the fleet's lock did not take it back: ${Object.values(answer).join()}`)
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
    if (active) return this.#steps.advance(active)
    if (this.#checkNow || now >= this.nextCheckAt) await this.#discover()
    const fetching = this.patches.list().find(({ state, notBefore }) => state !== 'ready' && notBefore <= now)
    if (fetching) return this.#steps.advance(fetching)
    const ready = this.patches.list().filter(({ state, notBefore }) => state === 'ready' && notBefore <= now)
    const chosen = choose(ready, this.situation())
    if (chosen) return this.#steps.begin(chosen.patch, chosen.why)
    const released = await this.#steps.releaseLock()
    return released ? this.#untilNext() : longest
  }

  async #discover(): Promise<void> {
    const { kinds, policy } = this.#parts
    this.#checkNow = false
    for (const kind of kinds) {
      try {
        // Of a kind that is not wanted any more nothing is offered; what is under way comes to its end all the same.
        const wanted = policy.kinds.includes(kind.name)
        const { offers, problems } = wanted ? await kind.discover(this.#closing.signal) : new Discovered()
        this.#closing.signal.throwIfAborted()
        const key = `patch.checked.${kind.name}`
        const { now } = this.situation()
        // Since when it is newer is not known, but it was not at the last look: after a week without an agent or a server the
        // time that it may be deferred is over as well.
        const since = this.#number(key) || now
        // What could not be asked now stays as it was known.
        const whole = problems.length === 0
        for (const record of this.patches.take(kind, offers, { policy, now, since, whole }))
          await kind.drop?.(record, this.#steps.work(record))
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

  #untilNext(): number {
    const situation = this.situation()
    const { now } = situation
    const times = this.patches.list().map((patch) => {
      const verdict = verdictOn(patch, situation)
      return verdict.go ? patch.notBefore : Math.max(verdict.until, patch.notBefore)
    })
    return Math.max(shortest, Math.min(this.nextCheckAt, ...times) - now)
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
