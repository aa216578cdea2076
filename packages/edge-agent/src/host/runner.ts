// Executes one planned step about one instance. Every step may be cut off anywhere and done again.
import { NotFoundError } from '@anbox/sdk'
import type { Config } from '../config.ts'
import type { InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import { Android } from './android.ts'
import { bootCheck, guestAddress } from './boot-check.ts'
import { type CpuMode, lxdInstance } from './definition.ts'
import type { FailureLogs } from './failure-log.ts'
import { anboxDirectory, Guest, GuestError, holdFile } from './guest.ts'
import { ownBase, untilMapped } from './id-map.ts'
import { observe } from './observe.ts'
import type { Observed, Step } from './plan.ts'
import type { Projects } from './projects.ts'
import { sessionFile, sessionText } from './session.ts'
import { notUp, SetUp } from './set-up.ts'
import { untilQuiet } from './until-quiet.ts'

/** Seconds that Android gets to shut down by itself. */
const shutdownPatience = 30
/** Milliseconds to wait for the guest's address once Android is up; without one it is `running` all the same. */
const addressPatience = 2_000

export type RunnerParts = {
  projects: Projects
  config: Config
  store: Store
  logs: FailureLogs
  setUp: SetUp
  log: Logger
  cpuMode: () => CpuMode
}

type Limits = {
  /** Ends waiting. */
  closing: AbortSignal
  /** Ends the boot check, because something is wanted or known anew. */
  interrupt: AbortSignal
  /** Called when an instance that is made has its id map: then the next one may be made. */
  mapped: () => void
}

export class StepRunner {
  readonly #parts: RunnerParts

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  async execute(
    step: Step,
    record: InstanceRecord,
    observed: Observed,
    { closing: signal, interrupt, mapped }: Limits,
  ): Promise<void> {
    const { projects, store, logs, config } = this.#parts
    const { id, lxdName } = record
    const lxd = projects.of(record)
    const change = (fields: Partial<InstanceRecord>) =>
      store.instances.change(id, (latest) => ({ ...latest, ...fields }))
    switch (step.do) {
      case 'rest':
        return
      case 'make': {
        change({ status: 'prepared', statusMessage: 'making its LXD instance' })
        await projects.prepare(record, signal)
        const making = await lxd.instances.create(
          lxdInstance(record, config, this.#parts.cpuMode(), this.#projectOf(record.copyOf)),
        )
        const made = making.wait({ signal, onProgress: (metadata) => this.#tell(id, metadata) })
        await untilMapped(lxd, lxdName, made, signal)
        mapped()
        await made
        await this.#putFiles(record, signal)
        const found = await lxd.instances.get(lxdName, { signal })
        // As they are by now: others are made meanwhile.
        const others = store.instances.list().filter((other) => other.id !== id)
        const idBase = ownBase(found, others)
        change({ made: true, statusMessage: '', copyOf: undefined, idBase })
        return
      }
      case 'discard':
        await untilQuiet(lxd, lxdName, signal)
        // Only a guest whose set-up was cut off has been running.
        if (observed.state === 'present' && observed.power !== 'stopped') await this.#stop(record, true, signal)
        await this.#remove(record, signal)
        return
      case 'start': {
        change({
          bootDeadline: Date.now() + config.bootCheck.timeoutSeconds * 1000,
          statusMessage: 'starting',
          status: 'prepared',
        })
        if (record.taken?.adapt) await this.#adapt(record, signal)
        if (record.setUp) await this.#parts.setUp.hold(record, signal)
        await (await lxd.instances.setState(lxdName, { action: 'start', timeout: -1 })).wait({ signal })
        return
      }
      case 'note-start':
        // Somebody may have started the guest behind the agent: then its deadline begins now.
        change({
          status: 'started',
          lastStart: step.lastStart,
          statusMessage: 'Android is booting',
          bootDeadline:
            record.status === 'prepared' && record.bootDeadline
              ? record.bootDeadline
              : Date.now() + config.bootCheck.timeoutSeconds * 1000,
        })
        return
      case 'check-boot':
        return this.#checkBoot(record, AbortSignal.any([signal, interrupt]))
      case 'set-up':
        return this.#setUp(record, signal)
      case 'begin-again':
        // What the hooks of a guest that never was up may have done goes with it.
        if (record.setUp === 'hooks') {
          await this.#stop(record, true, signal).catch((error) => this.#unlessStopped(record, error, signal))
          change({ status: 'prepared', setUpAt: undefined, statusMessage: 'starting again' })
        } else change({ status: 'created', made: false, setUpAt: undefined, statusMessage: 'beginning again' })
        return
      case 'stop-hooks':
        change({ hooksBeforeStop: false, statusMessage: 'running the post-stop hooks' })
        await this.#parts.setUp.stopHooks(record, signal).catch((error) => {
          if (!(error instanceof GuestError)) throw error
          store.instances.change(id, (latest) => failing(latest, error.message))
        })
        return
      case 'warm-up':
        return this.#warmUp(record, signal)
      case 'freeze':
        await (await lxd.instances.setState(lxdName, { action: 'freeze', timeout: -1 })).wait({ signal })
        change({ warmReady: true })
        return
      case 'thaw':
        if (record.taken?.adapt) await this.#adapt(record, signal)
        await (await lxd.instances.setState(lxdName, { action: 'unfreeze', timeout: -1 })).wait({ signal })
        change({ taken: undefined })
        return
      case 'stop':
        return this.#stop(record, step.force, signal)
      case 'note-stopped':
        change({ status: 'stopped', statusMessage: '', address: '', bootDeadline: undefined })
        return
      case 'fail':
        store.instances.change(id, (latest) => failing(latest, step.message))
        return
      case 'keep-logs': {
        const running = observed.state === 'present' && observed.power === 'running'
        const storedLogs = await logs.keep(record, running, signal)
        change({ logsKept: true, storedLogs })
        return
      }
      case 'note-error':
        change({
          status: 'error',
          errorMessage: record.failing ?? '',
          failing: undefined,
          statusMessage: '',
          address: '',
        })
        return
      case 'remove':
        return this.#remove(record, signal)
      case 'forget':
        logs.remove(id)
        store.instances.delete(id)
        return
    }
  }

  async #checkBoot(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { projects, store, config } = this.#parts
    const { id, lxdName } = record
    // The deadline was noted by the clock on the wall, which somebody may have set since: never more than the whole time.
    const most = config.bootCheck.timeoutSeconds * 1000
    const left = Math.min(Math.max((record.bootDeadline ?? 0) - Date.now(), 0), most)
    const up = await bootCheck(projects.of(record), lxdName, config.bootCheck, left, signal)
    if (up) return this.#noteUp(record, {}, signal)
    store.instances.change(id, (latest) =>
      latest.goal === 'running' && latest.failing === undefined ? failing(latest, notUp(config.bootCheck)) : latest,
    )
  }

  /** Android is up: its application is started, and the record says `running`. */
  async #noteUp(record: InstanceRecord, fields: Partial<InstanceRecord>, signal: AbortSignal): Promise<void> {
    const { projects, store } = this.#parts
    const { id, lxdName, lastStart, warm } = record
    const lxd = projects.of(record)
    const bootMilliseconds = Date.now() - Date.parse(lastStart ?? '')
    const { application, base } = store.instances.get(id) ?? record
    try {
      if (!base && application?.bootPackage && application.bootActivity)
        await new Android(new Guest(lxd, lxdName, signal)).start(application.bootPackage, application.bootActivity)
    } catch (error) {
      if (!(error instanceof GuestError)) throw error
      store.instances.change(id, (latest) => failing(latest, error.message))
      return
    }
    const address = warm ? '' : await guestAddress(lxd, lxdName, addressPatience, signal)
    store.instances.change(id, (latest) =>
      latest.goal === 'running' && latest.failing === undefined
        ? { ...latest, status: 'running', statusMessage: '', address, bootMilliseconds, ...fields }
        : latest,
    )
  }

  async #setUp(record: InstanceRecord, closing: AbortSignal): Promise<void> {
    const { store, setUp, log } = this.#parts
    const { id, lastStart: start = '' } = record
    const change = (fields: Partial<InstanceRecord>) =>
      store.instances.change(id, (latest) => ({ ...latest, ...fields }))
    // Only another goal ends it: a set-up cannot be taken up again, and what else is wanted can wait.
    const unwanted = new AbortController()
    const off = store.instances.onChange((after) => {
      if (after?.id === id && (after.goal !== 'running' || after.failing !== undefined)) unwanted.abort()
    })
    try {
      const signal = AbortSignal.any([closing, unwanted.signal])
      if (store.instances.get(id)?.goal !== 'running') return
      change({ setUpAt: { start, done: false } })
      const tell = (statusMessage: string) => {
        log.debug({ instance: id, doing: statusMessage }, 'set-up')
        change({ statusMessage })
      }
      await setUp.run(record, tell, signal)
      const hooksBeforeStop = SetUp.hasStopHooks(record)
      const next = record.setUp === 'addons' ? ({ setUp: 'hooks' } as const) : {}
      await this.#noteUp(record, { setUpAt: { start, done: true }, hooksBeforeStop, ...next }, signal)
    } catch (error) {
      if (unwanted.signal.aborted && !closing.aborted) return
      if (!(error instanceof GuestError)) throw error
      store.instances.change(id, (latest) => failing(latest, error.message))
    } finally {
      off()
    }
  }

  async #warmUp(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { projects, store, setUp } = this.#parts
    const { id, lxdName } = record
    const lxd = projects.of(record)
    await setUp.hold(record, signal)
    await (await lxd.instances.setState(lxdName, { action: 'start', timeout: -1 })).wait({ signal })
    await this.#stop(record, true, signal)
    if (!record.setUp) await new Guest(lxd, lxdName, signal).deleteFile(holdFile)
    store.instances.change(id, (latest) => ({ ...latest, warmReady: true }))
  }

  /** Makes an instance that was made ahead what its record says by now. */
  async #adapt(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { projects, store, config } = this.#parts
    const wanted = lxdInstance(record, config, this.#parts.cpuMode())
    await projects.of(record).instances.modify(
      record.lxdName,
      (draft) => {
        const own = Object.entries(draft.config).filter(([key]) => !key.startsWith('limits.cpu'))
        draft.config = { ...Object.fromEntries(own), ...wanted.config }
        draft.devices = wanted.devices
      },
      { signal },
    )
    await this.#putFiles(record, signal)
    store.instances.change(record.id, (latest) => ({
      ...latest,
      taken: latest.taken && { ...latest.taken, adapt: false },
    }))
  }

  async #stop(record: InstanceRecord, force: boolean, signal: AbortSignal): Promise<void> {
    const { instances } = this.#parts.projects.of(record)
    const stop = async (force: boolean) =>
      (
        await instances.setState(record.lxdName, { action: 'stop', timeout: force ? -1 : shutdownPatience, force })
      ).wait({
        signal,
      })
    if (force) await stop(true)
    else
      await stop(false).catch(async (error) => {
        signal.throwIfAborted()
        // A guest that does not listen is stopped all the same; one that is gone or an LXD that is away is seen at the next look.
        if (error instanceof NotFoundError) throw error
        await stop(true)
      })
  }

  async #remove(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    try {
      await (await this.#parts.projects.of(record).instances.delete(record.lxdName)).wait({ signal })
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
    }
  }

  /** The LXD project of what is copied, by its name there. */
  #projectOf(copied: string | undefined): string | undefined {
    const source = this.#parts.store.instances.list().find(({ lxdName }) => lxdName === copied)
    return source?.lxdProject ?? this.#parts.config.lxd.project
  }

  /** Somebody else may have stopped it meanwhile, which is as well. */
  async #unlessStopped(record: InstanceRecord, error: unknown, signal: AbortSignal): Promise<void> {
    const observed = await observe(this.#parts.projects.of(record), record.lxdName, signal)
    if (observed.state === 'present' && observed.power !== 'stopped') throw error
  }

  async #putFiles(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const guest = new Guest(this.#parts.projects.of(record), record.lxdName, signal)
    const files = { [`${anboxDirectory}/userdata`]: record.userData, [sessionFile]: sessionText(record) }
    for (const [path, content] of Object.entries(files))
      if (content) await guest.putFile(path, content)
      // A copy has the disk of another instance, and none of what that one was told.
      else if (record.copyOf) await guest.deleteFile(path)
  }

  #tell(id: string, metadata: Record<string, unknown> | null): void {
    const text = Object.entries(metadata ?? {}).find(
      ([key, value]) => key.endsWith('_progress') && typeof value === 'string',
    )?.[1]
    if (text)
      this.#parts.store.instances.change(id, (latest) =>
        latest.goal === 'running' ? { ...latest, statusMessage: `unpacking: ${text}` } : latest,
      )
  }
}

/** Begins a failure, unless somebody asked for the instance to be deleted meanwhile: then that is done. */
export function failing(record: InstanceRecord, message: string): InstanceRecord {
  if (record.goal === 'deleted') return record
  return { ...record, goal: 'stopped', failing: message, statusMessage: 'failed; keeping its logs' }
}
