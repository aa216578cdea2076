// What clients may ask of instances: each request is checked whole, written down, and left to the host to carry out.

import type { Images } from '../catalogue/images.ts'
import { badRequest, conflict, forbidden, notFound, notNow, notSupported } from '../errors.ts'
import type { Operations } from '../operations/operations.ts'
import { newId } from '../store/id.ts'
import type { Amounts, Goal, InstanceRecord, OperationRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { defaultAmounts, lacks } from './capacity.ts'
import type { Host } from './host.ts'
import type { MachineWatch } from './machine.ts'
import type { NodeSettings } from './node-settings.ts'
import { allocatePorts, type ServiceSpec } from './ports.ts'

/** Bytes of user data that an instance may be given. */
const mostUserData = 10 * 1024

/** AMS's InstancesPost. The Go client sends zeros, empty strings and nulls for what is not given. */
export type Launch = {
  name?: string | null
  type?: string | null
  app_id?: string | null
  image_id?: string | null
  image_version?: number | null
  node?: string | null
  user_data?: string | null
  addons?: string[] | null
  services?: ServiceSpec[] | null
  resources?: {
    cpus?: number | null
    memory?: number | null
    disk_size?: number | null
    'gpu-slots'?: number | null
    'gpu-type'?: string | null
    'vpu-slots'?: number | null
    no_disk_reserve?: boolean | null
  } | null
  tags?: string[] | null
  config?: {
    platform?: string | null
    boot_package?: string | null
    boot_activity?: string | null
    metrics_server?: string | null
    disable_watchdog?: boolean | null
    features?: string | null
    devmode?: boolean | null
    enable_streaming?: boolean | null
    display?: { width?: number | null; height?: number | null; fps?: number | null; density?: number | null } | null
    security?: { delete_protected?: boolean | null } | null
  } | null
  no_start?: boolean | null
  source?: { type?: string | null; id?: string | null } | null
}

export type Change = {
  desired_status?: string | null
  config?: { security?: { delete_protected?: boolean | null } | null } | null
}

export type InstancesParts = {
  store: Store
  operations: Operations
  images: Images
  machine: MachineWatch
  node: NodeSettings
  nodeName: string
  host: Host
}

export class Instances {
  readonly #parts: InstancesParts

  constructor(parts: InstancesParts) {
    this.#parts = parts
  }

  list(): InstanceRecord[] {
    return this.#parts.store.instances.list()
  }

  /** By id or name. @throws ApiError 404. */
  get(idOrName: string): InstanceRecord {
    const found = this.#parts.store.instances.get(idOrName) ?? this.list().find(({ name }) => name === idOrName)
    if (!found) throw notFound('instance', idOrName)
    return found
  }

  /** @throws ApiError 400, 404, 409, 501 and 503; then nothing was made. */
  launch(launch: Launch, noWait: boolean): OperationRecord {
    const { store, images, host } = this.#parts
    refuseWhatIsNotServed(launch, this.#parts.nodeName)
    const id = newId()
    const name = launch.name || `ams-${id}`
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{1,61})[A-Za-z0-9]$/.test(name))
      throw badRequest(
        `name ${JSON.stringify(name)}: 3 to 63 letters, digits and hyphens are allowed, with no hyphen at the ends`,
      )
    const userData = launch.user_data ?? ''
    if (Buffer.byteLength(userData) > mostUserData)
      throw badRequest(
        `user_data has ${Buffer.byteLength(userData)} bytes; ${mostUserData} are allowed: put larger files into the image`,
      )
    if (this.list().some((other) => other.name === name))
      throw conflict(`an instance "${name}" exists already: choose another name, or delete it first`)
    if (!launch.image_id) throw badRequest('image_id is missing: name the image to launch (GET /1.0/images lists them)')
    const image = images.get(launch.image_id)
    const version = images.version(image, launch.image_version)
    const amounts = readAmounts(launch.resources)
    const noDiskReserve = launch.resources?.no_disk_reserve ?? false
    const services = allocatePorts(launch.services ?? [], this.list())
    const goal: Goal = launch.no_start ? 'stopped' : 'running'
    this.#mustFit(amounts, this.list(), !noDiskReserve)
    const record: InstanceRecord = {
      id,
      name,
      lxdName: `ams-${id}`,
      createdAt: Math.floor(Date.now() / 1000),
      goal,
      status: 'created',
      made: false,
      errorMessage: '',
      statusMessage: '',
      logsKept: false,
      storedLogs: [],
      address: '',
      image: { id: image.id, name: image.name, version: version.version, fingerprint: version.fingerprint },
      architecture: image.architecture,
      amounts,
      noDiskReserve,
      services,
      tags: launch.tags ?? [],
      userData,
      config: {
        deleteProtected: launch.config?.security?.delete_protected ?? false,
        disableWatchdog: launch.config?.disable_watchdog ?? false,
      },
    }
    // The operation first: cut off in between, it ends as failed; the other way round an instance nobody was told of would boot.
    const operation = this.#operation([id], goal, 'Launching instance', noWait, true)
    store.instances.put(record)
    host.wake(id)
    return operation
  }

  /** @throws ApiError 400, 404 and 503. */
  change(idOrName: string, change: Change, noWait: boolean): OperationRecord {
    const { store, operations, host } = this.#parts
    const record = this.get(idOrName)
    if (record.goal === 'deleted') throw conflict(`instance "${idOrName}" is being deleted`)
    const wanted = change.desired_status || undefined
    if (wanted && wanted !== 'running' && wanted !== 'stopped')
      throw badRequest(`desired_status must be "running" or "stopped", not "${wanted}"`)
    const deleteProtected = change.config?.security?.delete_protected
    if (wanted === 'running' && record.goal !== 'running')
      this.#mustFit(
        record.amounts,
        this.list().filter(({ id }) => id !== record.id),
        false,
      )
    if (wanted === 'running' && record.failing !== undefined)
      throw conflict(`instance "${idOrName}" has failed and is being stopped: try again in a moment`)
    const goal = (wanted as Goal | undefined) ?? record.goal
    const operation = this.#operation(
      [record.id],
      goal,
      wanted === 'running' ? 'Starting instance' : wanted === 'stopped' ? 'Stopping instance' : 'Updating instance',
      noWait || !wanted,
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
      return { ...latest, ...afresh, config, goal, status: latest.made ? 'prepared' : 'created' }
    })
    host.wake(record.id)
    return operations.check(operation.id)
  }

  /** @throws ApiError 403 and 404; then none is deleted. */
  delete(idsOrNames: string[]): OperationRecord {
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

  #operation(ids: string[], want: Goal, description: string, noWait: boolean, mayCancel = false): OperationRecord {
    const { operations } = this.#parts
    if (!noWait) return operations.createFor(ids, want, description, mayCancel)
    const operation = operations.create({
      description,
      resources: { instances: ids.map((id) => `/1.0/instances/${id}`) },
    })
    operations.succeed(operation.id)
    return operations.get(operation.id)
  }

  #mustFit(amounts: Amounts, others: readonly InstanceRecord[], newDisk: boolean): void {
    const { machine, node } = this.#parts
    if (node.values.unschedulable)
      throw notNow(
        'no suitable node: this machine is set unschedulable (PATCH /1.0/nodes/… {"unschedulable": false} takes that back)',
      )
    if (!machine.facts || !machine.online)
      throw notNow(
        `no suitable node: LXD does not answer (${machine.reason}); try again when GET /1.0/nodes says online`,
      )
    const lacking = lacks(node.ceiling(machine.facts), node.values, others, amounts, newDisk)
    if (lacking)
      throw notNow(`no suitable node, the machine is full (${lacking}): ask for less, or stop or delete instances`)
  }
}

function refuseWhatIsNotServed(launch: Launch, nodeName: string): void {
  const { config, resources } = launch
  const given: [string, unknown][] = [
    ['applications (app_id)', launch.app_id],
    ['virtual machines (type "vm")', launch.type === 'vm'],
    ['addons', launch.addons?.length],
    ['copying an instance (source)', launch.source?.type || launch.source?.id],
    ['streaming (config.enable_streaming)', config?.enable_streaming],
    // What `null` means: no graphics. A guest with more needs a streaming stack.
    ['config.platform', config?.platform === 'null' ? '' : config?.platform],
    ['config.devmode', config?.devmode],
    ['config.boot_package', config?.boot_package],
    ['config.boot_activity', config?.boot_activity],
    ['config.metrics_server', config?.metrics_server],
    ['config.features', config?.features],
    ['config.display', Object.values(config?.display ?? {}).some((value) => value)],
    ['VPU slots', resources?.['vpu-slots']],
    ['choosing a GPU type', resources?.['gpu-type']],
  ]
  for (const [feature, value] of given) if (value) throw notSupported(feature)
  if (launch.type && launch.type !== 'container') throw badRequest(`type must be "container", not "${launch.type}"`)
  if (launch.node && launch.node !== nodeName) throw notFound('node', launch.node)
}

function readAmounts(resources: Launch['resources']): Amounts {
  const amounts = {
    cpus: resources?.cpus || defaultAmounts.cpus,
    memory: resources?.memory || defaultAmounts.memory,
    disk: resources?.disk_size || defaultAmounts.disk,
    gpuSlots: resources?.['gpu-slots'] || 0,
  }
  for (const [name, amount, least] of [
    ['memory', amounts.memory, 16 * 2 ** 20],
    ['disk_size', amounts.disk, 16 * 2 ** 20],
  ] as const) {
    if (amount < least)
      throw badRequest(`resources.${name} is ${amount} bytes; ${least} is the least (sizes are in bytes)`)
  }
  return amounts
}
