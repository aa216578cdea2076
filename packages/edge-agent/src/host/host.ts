// Brings every instance to where its record says it should be, and keeps it there.
//
// Invariants:
// - One record has at most one LXD instance, named after it; an LXD instance of ours without a record does not come to be,
//   because the record is written first and removed last.
// - At most one loop works on an instance; it looks, plans, executes one step, and looks again.
// - The loop holds nothing that matters: after a SIGKILL the next agent's loop begins by looking.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type LxdClient,
  NotFoundError,
  OperationFailedError,
  OperationLostError,
  TimeoutError,
  UnavailableError,
} from '@anbox/sdk'
import type { Config } from '../config.ts'
import { ConfigurationError } from '../errors.ts'
import type { InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import type { CpuMode } from './definition.ts'
import type { FailureLogs } from './failure-log.ts'
import type { MachineWatch } from './machine.ts'
import { observe, observed } from './observe.ts'
import { type Observed, plan, type Step } from './plan.ts'
import type { Projects } from './projects.ts'
import { failing, StepRunner } from './runner.ts'
import type { SetUp } from './set-up.ts'
import { Slots } from './slots.ts'

/** How many instances are made, started, stopped or removed at once: AMS's `node.workers_per_queue`. */
const workers = 4
/** Milliseconds between two looks at everything, for what no event told. */
const resync = 30_000

export type HostParts = {
  lxd: LxdClient
  projects: Projects
  config: Config
  store: Store
  logs: FailureLogs
  machine: MachineWatch
  log: Logger
  setUp: SetUp
  cpuMode: () => CpuMode
}

type Done = { did: Step['do']; seen: Observed }
type Loop = { again: boolean; interrupt: AbortController; done: Promise<void> }

export class Host {
  readonly #parts: HostParts
  readonly #runner: StepRunner
  readonly #slots = new Slots(workers)
  /** LXD 5.0.2 mixes up the id maps of instances that are given theirs at the same moment. */
  readonly #making = new Slots(1)
  readonly #loops = new Map<string, Loop>()
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #listening: Promise<void> | undefined

  constructor(parts: HostParts) {
    this.#parts = parts
    this.#runner = new StepRunner(parts)
  }

  /** Adopts what the store knows, and from then on follows LXD's events. */
  start(): void {
    this.#wakeAll()
    this.#timer = setTimeout(() => this.#resync(), resync)
    this.#listening = this.#followEvents()
  }

  /** Whether anything is being done. */
  get busy(): boolean {
    return this.#loops.size > 0
  }

  /** Something about this instance is wanted or known anew. */
  wake(id: string): void {
    if (this.#closing.signal.aborted) return
    const loop = this.#loops.get(id)
    if (loop) {
      loop.again = true
      loop.interrupt.abort()
      return
    }
    const fresh: Loop = { again: false, interrupt: new AbortController(), done: Promise.resolve() }
    this.#loops.set(id, fresh)
    fresh.done = this.#run(id, fresh)
  }

  /** Ends the agent's own work and leaves the Android systems as they are. */
  async stop(): Promise<void> {
    this.#closing.abort(new Error('the agent is stopping'))
    clearTimeout(this.#timer)
    await Promise.all([...this.#loops.values()].map((loop) => loop.done))
    await this.#listening
  }

  #wakeAll(): void {
    for (const { id } of this.#parts.store.instances.list()) if (!this.#loops.has(id)) this.wake(id)
  }

  /** Wakes those that are not as they should be, by one look at all: LXD takes its time for each question. */
  async #resync(): Promise<void> {
    const { store, projects, log } = this.#parts
    const { signal } = this.#closing
    try {
      const found = await projects.instances(store.instances.list(), signal)
      for (const record of store.instances.list()) {
        const instance = found.get(record.lxdName)
        const step = plan(record, instance ? observed(instance) : { state: 'absent' })
        if (step.do !== 'rest' && !this.#loops.has(record.id)) this.wake(record.id)
      }
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'LXD could not be asked for its instances')
    }
    if (!signal.aborted) this.#timer = setTimeout(() => this.#resync(), resync)
  }

  async #run(id: string, loop: Loop): Promise<void> {
    const { store, log } = this.#parts
    let failures = 0
    let known: Observed | undefined
    while (!this.#closing.signal.aborted) {
      loop.again = false
      loop.interrupt = new AbortController()
      const record = store.instances.get(id)
      if (!record) break
      try {
        const { did, seen } = await this.#step(record, known, loop.interrupt.signal)
        known = notes.has(did) ? seen : undefined
        failures = 0
        if (did === 'rest' && !loop.again) break
      } catch (error) {
        known = undefined
        if (this.#closing.signal.aborted) break
        if (loop.interrupt.signal.aborted) continue
        failures += 1
        log.warn(
          { instance: id, error: (error as Error).message, failures },
          'a step did not work; it will be tried again',
        )
        await this.#pause(error, failures, loop.interrupt.signal)
      }
    }
    this.#loops.delete(id)
    if (loop.again) this.wake(id)
  }

  async #step(record: InstanceRecord, known: Observed | undefined, interrupt: AbortSignal): Promise<Done> {
    const { store, projects, log } = this.#parts
    const signal = this.#closing.signal
    const seen = known ?? (await observe(projects.of(record), record.lxdName, signal))
    const latest = store.instances.get(record.id)
    if (!latest) return { did: 'rest', seen }
    const step = plan(latest, seen)
    if (step.do !== 'rest')
      log.debug({ instance: record.id, step: step.do, status: latest.status, goal: latest.goal }, 'step')
    const execute = (mapped = () => {}) =>
      this.#runner.execute(step, latest, seen, { closing: signal, interrupt, mapped })
    const counted = (mapped?: () => void) =>
      heavy.has(step.do) ? this.#slots.use(() => execute(mapped), signal) : execute()
    try {
      await (step.do === 'make' ? this.#making.use(counted, signal) : counted())
    } catch (error) {
      if (!endsLaunch(step, error)) throw error
      const what = step.do === 'make' ? 'LXD could not make it' : 'LXD could not start it'
      const message = `${what}: ${(error as Error).message}`
      store.instances.change(record.id, (now) => failing(now, message))
    }
    return { did: step.do, seen }
  }

  async #pause(error: unknown, failures: number, interrupt: AbortSignal): Promise<void> {
    const { machine } = this.#parts
    const signal = AbortSignal.any([this.#closing.signal, interrupt])
    try {
      if (error instanceof UnavailableError || error instanceof TimeoutError) {
        machine.suspect()
        await machine.untilOnline(signal)
      }
      await sleep(Math.min(100 * 2 ** failures, 10_000), undefined, { signal })
    } catch {
      // Woken, or closing: the loop looks again.
    }
  }

  /** LXD tells when a guest of ours was stopped, started or removed by somebody else, or by itself. */
  async #followEvents(): Promise<void> {
    const { lxd, store, log } = this.#parts
    const signal = this.#closing.signal
    while (!signal.aborted) {
      try {
        for await (const event of lxd.events({ types: ['lifecycle'], allProjects: true, signal })) {
          if (event.type === 'gap') this.#wakeAll()
          const { action = '', source = '' } = (event.metadata ?? {}) as { action?: string; source?: string }
          if (!/^instance-(stopped|shutdown|started|restarted|deleted|resumed)$/.test(action)) continue
          const name = source.replace(/\?.*$/, '').split('/').at(-1)
          const record = store.instances.list().find(({ lxdName }) => lxdName === name)
          // A start is what the boot check waits for: no reason to interrupt it.
          if (record && !(action === 'instance-started' && this.#loops.has(record.id))) this.wake(record.id)
        }
      } catch (error) {
        if (signal.aborted) return
        log.debug({ error: (error as Error).message }, "LXD's events are cut off")
        await sleep(1000, undefined, { signal }).catch(() => {})
      }
    }
  }
}

/** Steps after which LXD need not be asked again: they change the record alone. */
const notes: ReadonlySet<Step['do']> = new Set(['note-start', 'note-stopped', 'note-error', 'fail'])
const heavy: ReadonlySet<Step['do']> = new Set(['make', 'discard', 'start', 'stop', 'remove', 'warm-up'])

/**
 * Whether an error of this step means that the launch failed, rather than that it should be tried again: LXD answered,
 * and what it said will not change by asking again.
 */
function endsLaunch(step: Step, error: unknown): boolean {
  if (step.do !== 'make' && step.do !== 'start' && step.do !== 'warm-up') return false
  if (error instanceof UnavailableError || error instanceof TimeoutError || error instanceof OperationLostError)
    return false
  const message = error instanceof Error ? error.message : ''
  // Another operation of LXD on the same instance, begun by an agent that was killed, or LXD going down; and with hundreds of
  // guests LXD 5.0.2 now and then closes the image's folder while it reads it.
  if (
    /busy|already exists|already running|in use by another|being created|shutting down|database is locked|bad file descriptor/i.test(
      message,
    )
  )
    return false
  if (error instanceof NotFoundError) return step.do === 'make'
  return (
    error instanceof ConfigurationError ||
    error instanceof OperationFailedError ||
    (error instanceof Error && 'code' in error)
  )
}
