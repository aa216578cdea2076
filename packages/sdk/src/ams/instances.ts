import { Deadline } from '../connection/deadline.ts'
import { path } from '../connection/path.ts'
import { InvalidRequestError } from '../errors.ts'
import type { Api, CallOptions, Page } from '../operations/api.ts'
import { EventStream } from '../operations/event-stream.ts'
import type { Exec, InteractiveExec } from '../operations/exec.ts'
import { Informer, type InformerOptions } from '../operations/informer.ts'
import type { Operation } from '../operations/operation.ts'
import type { RunResult } from '../operations/run.ts'
import { parseAmount, withAmounts } from './amounts.ts'
import { type AmsExecOptions, type AmsRunOptions, type AmsTerminalOptions, Commands } from './commands.ts'
import { AmsContainers } from './containers.ts'
import { Either } from './either.ts'
import { containerFilter, containerPatch, containersPost, instanceOf } from './fallback.ts'
import type { Features } from './features.ts'
import { AmsImages, type PublishOptions } from './images.ts'
import { AmsInstanceLogs } from './instance-logs.ts'
import { entitled, type GetOptions, listQuery, type Paging } from './query.ts'
import { AmsShares } from './shares.ts'
import type { Instance, InstancePatch, InstanceStatus, InstancesPost } from './types.ts'

/** Each narrows the list further. */
export type AmsInstanceFilter = Paging & {
  id?: string
  name?: string
  base?: boolean
  type?: 'container' | 'vm'
  status?: InstanceStatus
  node?: string
  app_id?: string
  app_name?: string
  app_version?: number
  image_id?: string
  image_version?: number
  /** All of them. */
  tags?: string[]
}
/** With `noWait` the operation ends when the server has accepted the change, not when the instance is there. */
export type AmsChangeOptions = CallOptions & { noWait?: boolean }
export type AmsStartOptions = AmsChangeOptions & {
  /** Also one that has failed. Its logs and what it was left with may be gone then. */
  fromError?: boolean
}

/** Instances by id or name. On a server without `instance_support` they are its containers. */
export class AmsInstances {
  readonly #api: Api
  readonly #features: Features
  readonly #either: Either
  readonly #containers: AmsContainers
  readonly #commands: Commands
  readonly #images: AmsImages
  readonly logs: AmsInstanceLogs
  readonly shares: AmsShares

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
    this.#either = new Either(features)
    this.#containers = new AmsContainers(api, features)
    this.#commands = new Commands(api, features, 'instances')
    this.#images = new AmsImages(api, features)
    this.logs = new AmsInstanceLogs(api, features)
    this.shares = new AmsShares(api, features)
  }

  async list(filter?: AmsInstanceFilter, options?: CallOptions): Promise<Instance[]> {
    return (await this.page(filter, options)).items
  }

  /** As `list`, and how many there are in all, whatever `limit` says. */
  page(filter: AmsInstanceFilter = {}, options?: CallOptions): Promise<Page<Instance>> {
    return this.#either.call(
      options,
      () => this.#api.getPage('/1.0/instances', listQuery(filter), options),
      async () => {
        const { items, total } = await this.#containers.page(containerFilter(filter), options)
        return { items: items.map(instanceOf), total }
      },
    )
  }

  /** Throws `NotFoundError`. */
  get(id: string, { entitlements, ...options }: GetOptions = {}): Promise<Instance> {
    return this.#either.call(
      options,
      () => this.#api.get<Instance>(path`/1.0/instances/${id}`, entitled(entitlements), options),
      async () => instanceOf(await this.#containers.get(id, { entitlements, ...options })),
    )
  }

  /**
   * Makes an instance of an image, an application or another instance (`source`), exactly one of these, and starts it
   * unless `no_start`: `operation.resource('instances')` is its id. Memory and disk: `"3GB"`, `"512MiB"`, or bytes.
   */
  launch(body: InstancesPost, { noWait, ...options }: AmsChangeOptions = {}): Promise<Operation> {
    const { resources } = body
    const sent = resources ? { ...body, resources: withAmounts(resources, ['memory', 'disk_size'], parseAmount) } : body
    const query = { no_wait: noWait }
    return this.#either.call(
      options,
      () =>
        this.#features.need(body.type === 'vm' ? 'vm_support' : [], options, () =>
          this.#api.start('POST', '/1.0/instances', { body: sent, query, ...options }),
        ),
      () => this.#containers.launch(containersPost(sent), { noWait, ...options }),
    )
  }

  /**
   * Launches another one with the disk of `source`, which is stopped or has failed. Image, application, addons and disk
   * size are the source's; all else is what `body` says.
   */
  copy(source: string, body: Omit<InstancesPost, 'source'> = {}, options?: AmsChangeOptions): Promise<Operation> {
    return this.launch({ ...body, source: { type: 'instance', id: source } }, options)
  }

  update(id: string, body: InstancePatch, { noWait, ...options }: AmsChangeOptions = {}): Promise<Operation> {
    return this.#either.call(
      options,
      () => this.#api.start('PATCH', path`/1.0/instances/${id}`, { body, query: { no_wait: noWait }, ...options }),
      () => this.#containers.update(id, containerPatch(body), { noWait, ...options }),
    )
  }

  /** One that has failed is left alone, and `InvalidRequestError` thrown, unless `fromError` is said. */
  async start(id: string, { fromError = false, noWait, ...limits }: AmsStartOptions = {}): Promise<Operation> {
    using limit = new Deadline(limits, `start of the instance ${id}`)
    const { signal } = limit
    // A server may start it without a word.
    if (!fromError && (await this.get(id, { signal })).status === 'error') {
      throw new InvalidRequestError(
        `the instance ${id} has failed: look at its logs, and start it with fromError: true if it shall run again`,
        { code: 'invalid-request' },
      )
    }
    return await this.update(id, { desired_status: 'running' }, { noWait, signal })
  }

  /** Follows the instances: lists them, then tells each change. */
  informer(options?: InformerOptions): Informer<Instance> {
    const { connection } = this.#api
    return new Informer(
      {
        events: (more) => new EventStream(connection, {}, { ...more, reconnect: true }),
        list: (limits) => this.list({}, limits),
        get: (id, limits) => this.get(id, limits),
        keyOf: ({ id }) => id,
        once: connection.retries === 0,
      },
      options,
    )
  }

  /** Its disk is there when it is started again, on the agent; Canonical's AMS promises nothing about it. */
  stop(id: string, options?: AmsChangeOptions): Promise<Operation> {
    return this.update(id, { desired_status: 'stopped' }, options)
  }

  /** With its data. */
  delete(id: string, { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#either.call(
      options,
      () => this.#api.start('DELETE', path`/1.0/instances/${id}`, { body: { force }, ...options }),
      () => this.#containers.delete(id, { force, ...options }),
    )
  }

  /** In one operation, which stops at the first that cannot be deleted. */
  deleteMany(ids: string[], { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#either.call(
      options,
      () =>
        this.#features.need('bulk_delete.instances', options, () =>
          this.#api.start('DELETE', '/1.0/instances', { body: { ids, force }, ...options }),
        ),
      () => this.#containers.deleteMany(ids, { force, ...options }),
    )
  }

  /** Makes an image of it; see `images.publish`. */
  publish(id: string, name: string, options?: PublishOptions): Promise<Operation> {
    return this.#images.publish(id, name, options)
  }

  /** Starts a command. Read or destroy both outputs; aborting `signal` kills it. */
  exec(id: string, options: AmsExecOptions): Promise<Exec> {
    return this.#either.call(
      options,
      () => this.#commands.exec(id, options),
      () => this.#containers.exec(id, options),
    )
  }

  /** Starts a command in a terminal. */
  execInteractive(id: string, options: AmsTerminalOptions): Promise<InteractiveExec> {
    return this.#either.call(
      options,
      () => this.#commands.execInteractive(id, options),
      () => this.#containers.execInteractive(id, options),
    )
  }

  /** Runs a command to its end and keeps what it writes. Throws `OutputLimitError` beyond `limit`. */
  run(id: string, command: string[], options?: AmsRunOptions): Promise<RunResult> {
    return this.#either.call(
      options,
      () => this.#commands.run(id, command, options),
      () => this.#containers.run(id, command, options),
    )
  }
}
