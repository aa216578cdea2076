// Executes one planned step about one instance. Every step may be cut off anywhere and done again.
import { setTimeout as sleep } from 'node:timers/promises'
import { type LxdClient, NotFoundError } from '@anbox/sdk'
import type { Config } from '../config.ts'
import type { InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { bootCheck, guestAddress } from './boot-check.ts'
import { type CpuMode, isOwnRange, lxdInstance } from './definition.ts'
import type { FailureLogs } from './failure-log.ts'
import type { Observed, Step } from './plan.ts'

/** Seconds that Android gets to shut down by itself. */
const shutdownPatience = 30
/** Milliseconds to wait for the guest's address once Android is up; without one it is `running` all the same. */
const addressPatience = 2_000

export type RunnerParts = { lxd: LxdClient; config: Config; store: Store; logs: FailureLogs; cpuMode: () => CpuMode }

const lastPower = ({ config }: { config?: Record<string, string> }) => config?.['volatile.last_state.power']

export class StepRunner {
  readonly #parts: RunnerParts

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  async observe({ lxdName }: InstanceRecord, signal: AbortSignal): Promise<Observed> {
    try {
      let found = await this.#parts.lxd.instances.get(lxdName, { signal })
      // LXD says "stopped" before it has noted that the guest stopped by itself; only what stays RUNNING went down with LXD.
      for (let looks = 0; looks < 20 && found.status === 'Stopped' && lastPower(found) === 'RUNNING'; looks += 1) {
        await sleep(100, undefined, { signal })
        found = await this.#parts.lxd.instances.get(lxdName, { signal })
      }
      const power = found.status?.toLowerCase() ?? ''
      return {
        state: 'present',
        power: power === 'running' || power === 'stopped' || power === 'frozen' ? power : 'unknown',
        lastStart: found.last_used_at ?? '',
        wentDownWithMachine: lastPower(found) === 'RUNNING',
      }
    } catch (error) {
      if (error instanceof NotFoundError) return { state: 'absent' }
      throw error
    }
  }

  /** @param signal ends waiting; @param interrupt ends the boot check, because something is wanted or known anew. */
  async execute(
    step: Step,
    record: InstanceRecord,
    observed: Observed,
    signal: AbortSignal,
    interrupt: AbortSignal,
  ): Promise<void> {
    const { lxd, store, logs, config } = this.#parts
    const { id, lxdName } = record
    const change = (fields: Partial<InstanceRecord>) =>
      store.instances.change(id, (latest) => ({ ...latest, ...fields }))
    switch (step.do) {
      case 'rest':
        return
      case 'make': {
        change({ status: 'prepared', statusMessage: 'making its LXD instance' })
        const making = await lxd.instances.create(lxdInstance(record, config, this.#parts.cpuMode()))
        await making.wait({ signal, onProgress: (metadata) => this.#tell(id, metadata) })
        if (record.userData) await this.#putUserData(record, signal)
        change({ made: true, statusMessage: '', idBase: await this.#idBase(record, signal) })
        return
      }
      case 'discard':
        await this.#waitForOthers(lxdName, signal)
        await this.#remove(lxdName, signal)
        return
      case 'start': {
        change({
          bootDeadline: Date.now() + config.bootCheck.timeoutSeconds * 1000,
          statusMessage: 'starting',
          status: 'prepared',
        })
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
      case 'stop':
        return this.#stop(lxdName, step.force, signal)
      case 'note-stopped':
        change({ status: 'stopped', statusMessage: '', address: '', bootDeadline: undefined })
        return
      case 'fail':
        store.instances.change(id, (latest) => failing(latest, step.message))
        return
      case 'keep-logs': {
        const running = observed.state === 'present' && observed.power === 'running'
        const storedLogs = await logs.keep(id, lxdName, running, signal)
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
        return this.#remove(lxdName, signal)
      case 'forget':
        logs.remove(id)
        store.instances.delete(id)
        return
    }
  }

  async #checkBoot(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { lxd, store, config } = this.#parts
    const { id, lxdName, lastStart } = record
    const timeout = config.bootCheck.timeoutSeconds
    const up = await bootCheck(lxd, lxdName, config.bootCheck, record.bootDeadline ?? Date.now(), signal)
    const bootMilliseconds = Date.now() - Date.parse(lastStart ?? '')
    const address = up ? await guestAddress(lxd, lxdName, addressPatience, signal) : ''
    store.instances.change(id, (latest) => {
      if (latest.goal !== 'running' || latest.failing !== undefined) return latest
      if (up) return { ...latest, status: 'running', statusMessage: '', address, bootMilliseconds }
      const command = config.bootCheck.command.join(' ')
      return failing(
        latest,
        `Android did not come up within ${timeout} s ("${command}" never printed "${config.bootCheck.expect}"); its logs are kept`,
      )
    })
  }

  async #stop(lxdName: string, force: boolean, signal: AbortSignal): Promise<void> {
    const { instances } = this.#parts.lxd
    const stop = async (force: boolean) =>
      (await instances.setState(lxdName, { action: 'stop', timeout: force ? -1 : shutdownPatience, force })).wait({
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

  async #remove(lxdName: string, signal: AbortSignal): Promise<void> {
    try {
      await (await this.#parts.lxd.instances.delete(lxdName)).wait({ signal })
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
    }
  }

  /** Before a leftover is removed: the LXD operation that made it may still be at work, for an agent that died meanwhile. */
  async #waitForOthers(lxdName: string, signal: AbortSignal): Promise<void> {
    const { operations } = this.#parts.lxd
    for (const operation of await operations.list()) {
      const about = (operation.resources?.instances ?? []).some((url) =>
        url.replace(/\?.*$/, '').endsWith(`/${lxdName}`),
      )
      if (about && !operation.final) await operation.wait({ signal }).catch(() => signal.throwIfAborted())
    }
  }

  /**
   * The instance's id map, once it is known to be its own. LXD 5.0.2 counts an instance that is just being made, or whose
   * making was cut off, as one that begins at 0, and then gives the next one ids below its range or across another's.
   * @throws where that happened: the instance is thrown away and made again.
   */
  async #idBase({ id, lxdName }: InstanceRecord, signal: AbortSignal): Promise<number> {
    const { config } = await this.#parts.lxd.instances.get(lxdName, { signal })
    const base = Number(config['volatile.idmap.base'])
    const others = this.#parts.store.instances.list().filter((other) => other.id !== id)
    if (!isOwnRange(base, others))
      throw new Error(`LXD gave ${lxdName} an id map that begins at ${base}, which is not its own`)
    return base
  }

  async #putUserData({ lxdName, userData }: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { files } = this.#parts.lxd.instances
    for (const directory of ['/var', '/var/lib', '/var/lib/anbox'])
      await files.mkdir(lxdName, directory, { mode: 0o755, signal })
    await files.put(lxdName, '/var/lib/anbox/userdata', userData, { mode: 0o644, uid: 0, gid: 0, signal })
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
