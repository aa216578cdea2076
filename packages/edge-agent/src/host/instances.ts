// What clients may ask of instances: each request is checked whole, written down, and left to the host to carry out.
import { badRequest, conflict, forbidden, notFound, notNow } from '../errors.ts'
import type { Operations } from '../operations/operations.ts'
import { drainReason } from '../patch/drain.ts'
import type {
  ApplicationRecord,
  ApplicationVersion,
  Goal,
  GpuShare,
  InstanceRecord,
  OperationRecord,
} from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { lacks } from './capacity.ts'
import { shareFor } from './gpus.ts'
import type { Host } from './host.ts'
import { draft, draftBase, type Launch, type LaunchParts } from './launch.ts'
import type { NodeSettings } from './node-settings.ts'
import type { WarmPool } from './warm.ts'

/** Under which of its names an operation speaks of an instance. */
export type Kind = 'instances' | 'containers'

export type Change = {
  desired_status?: string | null
  config?: { security?: { delete_protected?: boolean | null } | null } | null
}

export type InstancesParts = LaunchParts & {
  store: Store
  operations: Operations
  node: NodeSettings
  host: Host
  warm: WarmPool
}

export class Instances {
  readonly #parts: InstancesParts

  constructor(parts: InstancesParts) {
    this.#parts = parts
  }

  /** Those that somebody asked for; what is made ahead is nobody's yet. */
  list(): InstanceRecord[] {
    return this.#parts.store.instances.list().filter(({ warm }) => warm === undefined)
  }

  /** With those made ahead: they take room too. */
  all(): InstanceRecord[] {
    return this.#parts.store.instances.list()
  }

  /** How many are made ahead and may be taken. */
  ready(kind: 'prepared' | 'paused'): number {
    return this.all().filter(({ warm, warmReady, goal }) => warm === kind && warmReady && goal !== 'deleted').length
  }

  /** Those that are not yet where they should be. */
  underWay(): InstanceRecord[] {
    return this.list().filter(
      ({ status, goal, failing }) => failing !== undefined || (status !== goal && status !== 'error'),
    )
  }

  /** Called each time that one has come up. */
  onRunning(listener: (record: InstanceRecord) => void): void {
    this.#parts.store.instances.onChange((after, before) => {
      if (after && !after.warm && after.status === 'running' && before?.status !== 'running') listener(after)
    })
  }

  /** By id or name. @throws ApiError 404. */
  get(idOrName: string): InstanceRecord {
    const found = this.#parts.store.instances.get(idOrName) ?? this.list().find(({ name }) => name === idOrName)
    if (!found || found.warm) throw notFound('instance', idOrName)
    return found
  }

  /** @throws ApiError 400, 404, 409, 501 and 503; then nothing was made. */
  launch(launch: Launch, noWait: boolean, kind: Kind = 'instances'): OperationRecord {
    const { store, host, warm } = this.#parts
    const wanted = draft(launch, store.instances.list(), this.#parts)
    const record = warm.take(wanted) ?? wanted
    const { id, goal, noDiskReserve } = record
    this.#mustFit(record, !noDiskReserve)
    const gpu = this.#gpuFor(record)
    // The operation first: cut off in between, it ends as failed; the other way round an instance nobody was told of would boot.
    const operation = this.#operation([id], goal, 'Launching instance', noWait, kind, true)
    try {
      store.instances.put({ ...record, gpu })
    } catch (error) {
      // Without its instance the operation would never end.
      this.#parts.operations.fail(operation.id, (error as Error).message)
      throw error
    }
    host.wake(id)
    return operation
  }

  /** @throws ApiError 400, 404 and 503. */
  change(idOrName: string, change: Change, noWait: boolean, kind: Kind = 'instances'): OperationRecord {
    const { store, operations, host } = this.#parts
    const record = this.get(idOrName)
    if (record.goal === 'deleted') throw conflict(`instance "${idOrName}" is being deleted`)
    const wanted = change.desired_status || undefined
    if (wanted && wanted !== 'running' && wanted !== 'stopped')
      throw badRequest(`desired_status must be "running" or "stopped", not "${wanted}"`)
    const deleteProtected = change.config?.security?.delete_protected
    if (wanted === 'running' && record.goal !== 'running') this.#mustFit(record, false)
    if (wanted === 'running' && record.failing !== undefined)
      throw conflict(`instance "${idOrName}" has failed and is being stopped: try again in a moment`)
    const gpu = wanted === 'running' && record.goal !== 'running' ? this.#gpuFor(record) : record.gpu
    const goal = (wanted as Goal | undefined) ?? record.goal
    const operation = this.#operation(
      [record.id],
      goal,
      wanted === 'running' ? 'Starting instance' : wanted === 'stopped' ? 'Stopping instance' : 'Updating instance',
      noWait || !wanted,
      kind,
    )
    store.instances.change(record.id, (latest) => {
      const config = deleteProtected == null ? latest.config : { ...latest.config, deleteProtected }
      if (!wanted || goal === latest.goal) return { ...latest, config }
      if (goal === 'stopped') return { ...latest, config, goal }
      // Its last failure is over: what was kept of it goes when it fails again, or with the instance.
      const afresh = {
        errorMessage: '',
        statusMessage: '',
        logsKept: false,
        bootMilliseconds: undefined,
        lastStart: undefined,
        bootDeadline: undefined,
      }
      // Another GPU than before: the LXD instance is told before it starts.
      const taken = gpu?.id === latest.gpu?.id ? latest.taken : { adapt: latest.made, thaw: false }
      return { ...latest, ...afresh, config, goal, gpu, taken, status: latest.made ? 'prepared' : 'created' }
    })
    host.wake(record.id)
    return operations.check(operation.id)
  }

  /** @throws ApiError 403 and 404; then none is deleted. */
  delete(idsOrNames: string[], kind: Kind = 'instances'): OperationRecord {
    const { store, operations, host } = this.#parts
    const records = idsOrNames.map((name) => this.get(name))
    for (const { name, config } of records)
      if (config.deleteProtected)
        throw forbidden(
          `instance "${name}" is protected from deletion: set config.security.delete_protected to false first`,
        )
    const ids = [...new Set(records.map(({ id }) => id))]
    const operation = this.#operation(
      ids,
      'deleted',
      ids.length === 1 ? 'Deleting instance' : 'Deleting instances',
      false,
      kind,
    )
    for (const id of ids) {
      store.instances.change(id, (latest) => ({ ...latest, goal: 'deleted' }))
      host.wake(id)
    }
    return operations.check(operation.id)
  }

  /** After an operation was cancelled. */
  wake(ids: readonly string[]): void {
    for (const id of ids) this.#parts.host.wake(id)
  }

  #operation(
    subjects: string[],
    want: Goal,
    description: string,
    noWait: boolean,
    kind: Kind,
    mayCancel = false,
  ): OperationRecord {
    const { operations } = this.#parts
    const resources = { [kind]: subjects.map((id) => `/1.0/${kind}/${id}`) }
    if (noWait) return operations.done(description, resources)
    return operations.create({ description, resources, subjects, want, mayCancel })
  }

  /** Begins the base instance of a version. @throws ApiError 503 where there is no room for it now. */
  launchBase(application: ApplicationRecord, version: ApplicationVersion): InstanceRecord {
    const { store, host } = this.#parts
    const record = draftBase(application, version)
    this.#mustFit(record, true)
    store.instances.put(record)
    host.wake(record.id)
    return record
  }

  /** @throws ApiError 503 where no GPU has room for it. */
  #gpuFor({ id, amounts, gpuType, application }: InstanceRecord): GpuShare | undefined {
    if (amounts.gpuSlots === 0) return undefined
    const { store, machine, node } = this.#parts
    const others = store.instances.list().filter((other) => other.id !== id)
    const share = shareFor(node.gpus(machine.facts?.gpus ?? []), others, {
      slots: amounts.gpuSlots,
      ...(gpuType && { type: gpuType }),
      encoder: application?.videoEncoder ?? 'gpu-preferred',
    })
    if (typeof share === 'string') throw notNow(`no suitable node (${share})`)
    return share
  }

  #mustFit({ id, amounts }: InstanceRecord, newDisk: boolean): void {
    const { machine, node, warm } = this.#parts
    if (node.values.unschedulable)
      throw notNow(
        'no suitable node: this machine is set unschedulable (PATCH /1.0/nodes/… {"unschedulable": false} takes that back)',
      )
    const draining = drainReason(this.#parts.store)
    if (draining) throw notNow(`no suitable node: ${draining}; try again when GET /1.0/edge/patches says it is over`)
    if (!machine.facts || !machine.online)
      throw notNow(
        `no suitable node: LXD does not answer (${machine.reason}); try again when GET /1.0/nodes says online`,
      )
    const ceiling = node.ceiling(machine.facts)
    // Those made ahead that are given up count no more, though LXD is still at work on them.
    const others = () => this.all().filter((other) => other.id !== id && !(other.warm && other.goal === 'deleted'))
    let lacking = lacks(ceiling, node.values, others(), amounts, newDisk)
    while (lacking && warm.giveUpOne(id)) lacking = lacks(ceiling, node.values, others(), amounts, newDisk)
    if (lacking)
      throw notNow(`no suitable node, the machine is full (${lacking}): ask for less, or stop or delete instances`)
  }
}
