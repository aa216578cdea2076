// A machine of a simulation: the real engine over a store in memory, a clock that is set, and a kind whose patches are good or
// bad as told.
import type { Host } from '../host/host.ts'
import type { Health, PatchRecord, PatchState } from '../store/patch-records.ts'
import type { Store } from '../store/store.ts'
import { makeLog } from '../system/log.ts'
import { PatchClock } from './clock.ts'
import { type EngineParts, Patching } from './engine.ts'
import { Discovered, type Offer, PatchFailed, type PatchKind } from './kind.ts'
import { memoryStore } from './memory-store.fixture.ts'
import { policyOf } from './policy.fixture.ts'
import { readPolicy } from './policy.ts'

export type World = {
  /** ms since 1970. */
  now: number
  /** What there is for a machine by now. */
  newest: () => Offer & { bad?: boolean }
}

export const [minute, hour, day] = [60_000, 3600_000, 24 * 3600_000]
export const start = Date.parse('2026-03-20T00:00:00Z')
export const offer = (to: string, more: object = {}) => ({
  ...{ subject: 'lxd', from: '', to, title: `lxd ${to}`, urgent: false },
  ...more,
})

const healthy: Health = { lxd: true, gpus: 0, diskFree: 1, running: [] }

export class SimulatedMachine {
  readonly patching: Patching
  readonly store: Store
  version = '0'
  /** Versions that were put in, in order. */
  readonly tried: string[] = []
  /** What the next tries of putting one in throw. */
  readonly failApply: Error[] = []
  dead = false
  disturbs = false
  /** What is put in has a fault. */
  faulty = false
  /** The agent dies there: when the state is to be written, when it was, or when its work was done. Nothing goes on then. */
  cutAt: { state: PatchState; when: 'unwritten' | 'written' | 'worked' } | undefined
  readonly death: Promise<'dead'>
  readonly #die: () => void
  readonly #given: [World, string, object, Partial<EngineParts>]

  constructor(
    world: World,
    name: string,
    policy: object = {},
    parts: Partial<EngineParts> = {},
    store = memoryStore(),
  ) {
    this.#given = [world, name, policy, parts]
    this.store = store
    const { promise, resolve } = Promise.withResolvers<'dead'>()
    this.death = promise
    this.#die = () => resolve('dead')
    const clocks = () => ({ wall: world.now, steady: world.now, synchronised: true })
    this.patching = new Patching({
      store: this.#mortal(store),
      host: { wake: () => {} } as unknown as Host,
      kinds: [this.#kind(world)],
      health: { measure: () => this.#cut('measuring', async () => healthy) },
      lock: { lock: async () => 'granted', release: async () => 'granted' },
      clock: new PatchClock(Number(store.settings.get('patch.clock')?.value ?? 0)),
      read: clocks,
      policy: readPolicy({ patch: policyOf({ kinds: ['snaps'], ...policy }) }),
      machine: name,
      log: makeLog('silent'),
      ...parts,
    })
  }

  /** The same machine with a new agent, after the death of this one. */
  after(): SimulatedMachine {
    const next = new SimulatedMachine(...this.#given, this.store)
    next.version = this.version
    next.disturbs = this.disturbs
    next.faulty = this.faulty
    return next
  }

  /** The store as long as the agent lives: a dead one neither reads nor writes. */
  #mortal(store: Store): Store {
    const calls = (name: string, collection: object): { put(document: object): object } => {
      const proxy = new Proxy(collection as { put(document: object): object }, {
        get:
          (_, method) =>
          (...given: unknown[]) => {
            this.#mustLive()
            if (method === 'change') {
              const [id, edit] = given as [string, (document: object) => object]
              const document = Reflect.get(collection, 'get')(id)
              return document && proxy.put(edit(document))
            }
            const record = name === 'patches' && method === 'put' ? (given[0] as PatchRecord) : undefined
            const entered = record && store.patches.get(record.id)?.state !== record.state ? record.state : undefined
            if (entered) this.#dieIf(entered, 'unwritten')
            const result = (Reflect.get(collection, method) as (...given: unknown[]) => unknown)(...given)
            if (entered) this.#dieIf(entered, 'written')
            return result
          },
      })
      return proxy
    }
    return Object.fromEntries(Object.entries(store).map(([name, one]) => [name, calls(name, one)])) as unknown as Store
  }

  #dieIf(state: PatchState, when: 'unwritten' | 'written' | 'worked'): void {
    if (this.cutAt?.state !== state || this.cutAt.when !== when) return
    this.dead = true
    this.#mustLive()
  }

  #mustLive(): void {
    if (!this.dead) return
    this.#die()
    throw new Error('dead')
  }

  async #cut<T>(state: PatchState, work: () => Promise<T>): Promise<T> {
    if (this.dead) await new Promise(() => {})
    const result = await work()
    if (this.cutAt?.state === state && this.cutAt.when === 'worked') {
      this.dead = true
      this.#die()
      await new Promise(() => {})
    }
    return result
  }

  #kind(world: World): PatchKind {
    return {
      name: 'snaps',
      disturbs: () => this.disturbs,
      discover: async () => {
        const found = new Discovered()
        const { bad: _, ...newest } = world.newest()
        if (newest.to !== this.version) found.offers.push({ ...newest, from: this.version })
        return found
      },
      fetch: () => this.#cut('fetching', async () => {}),
      apply: ({ to }) =>
        this.#cut('applying', async () => {
          this.tried.push(to)
          const error = this.failApply.shift()
          if (error) throw error
          const newest = world.newest()
          if (newest.to === to && newest.bad) throw new PatchFailed('it does not work')
          this.version = to
        }),
      faults: () => this.#cut('checking', async () => (this.faulty ? ['a fault'] : [])),
      commit: () => this.#cut('committing', async () => {}),
      revert: ({ from }) =>
        this.#cut('reverting', async () => {
          this.version = from
        }),
    }
  }
}

/** Lets machines live until `end`, each only in the minutes when it has something to do. @param away when agents are dead. */
export async function live(world: World, machines: SimulatedMachine[], end: number, away?: (now: number) => boolean) {
  const due = new Map<number, SimulatedMachine[]>()
  const plan = (at: number, machine: SimulatedMachine) => {
    const slot = Math.ceil(at / minute)
    due.set(slot, [...(due.get(slot) ?? []), machine])
  }
  for (const machine of machines) plan(world.now, machine)
  for (let slot = Math.ceil(world.now / minute); slot * minute < end; slot += 1) {
    world.now = Math.max(world.now, slot * minute)
    for (const machine of due.get(slot) ?? []) {
      let pause = 0
      if (away?.(world.now)) pause = hour
      else while (pause === 0) pause = await machine.patching.round()
      plan(world.now + Math.max(minute, pause), machine)
    }
    due.delete(slot)
  }
  world.now = end
}
