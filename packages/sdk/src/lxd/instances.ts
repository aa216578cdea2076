import type { Duplex, Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import { EventStream } from '../operations/event-stream.ts'
import { type Exec, type ExecInput, exec, execInteractive, type InteractiveExec } from '../operations/exec.ts'
import { Informer, type InformerOptions } from '../operations/informer.ts'
import { type ModifyOptions, modify } from '../operations/modify.ts'
import type { Operation } from '../operations/operation.ts'
import { collect, type RunResult } from '../operations/run.ts'
import { InstanceConsole } from './console.ts'
import { InstanceFiles } from './files.ts'
import { ownHeaders } from './headers.ts'
import { InstanceLogs } from './logs.ts'
import { InstanceMetadata } from './metadata.ts'
import { Backups, Snapshots } from './storage.ts'
import type {
  ExecBody,
  Instance,
  InstanceBackup,
  InstanceBackupsPost,
  InstanceFull,
  InstancePost,
  InstancePut,
  InstanceSnapshot,
  InstanceSnapshotPut,
  InstanceSnapshotsPost,
  InstanceState,
  InstanceStatePut,
  InstancesPost,
} from './types.ts'
import { type InstanceWithState, type Wanted, waitFor } from './wait-for.ts'

export type InstanceFilter = CallOptions & {
  /** In LXD's own filter language, such as `status eq Running`. */
  filter?: string
  allProjects?: boolean
}
export type LxdExecOptions = CallOptions & ExecBody & { stdin?: ExecInput }
export type LxdTerminalOptions = CallOptions & ExecBody & { width?: number; height?: number }
export type LxdRunOptions = Omit<LxdExecOptions, 'command'> & {
  /** Bytes of each output; 1 MiB unless said. */
  limit?: number
}

export class LxdInstances {
  readonly #api: Api
  readonly files: InstanceFiles
  readonly logs: InstanceLogs
  readonly console: InstanceConsole

  constructor(api: Api) {
    this.#api = api
    this.files = new InstanceFiles(api)
    this.logs = new InstanceLogs(api)
    this.console = new InstanceConsole(api)
  }

  /** With `recursion: 2` state and snapshots are there too, which takes LXD ten times as long. */
  list(options: InstanceFilter & { recursion: 2 }): Promise<InstanceFull[]>
  list(options?: InstanceFilter & { recursion?: 1 }): Promise<Instance[]>
  list({
    filter,
    allProjects,
    recursion = 1,
    ...options
  }: InstanceFilter & { recursion?: 1 | 2 } = {}): Promise<Instance[]> {
    // A project may not be named along with all of them.
    const scope = allProjects ? { 'all-projects': true, project: undefined } : {}
    return this.#api.get('/1.0/instances', { recursion, filter, ...scope }, options)
  }

  /** Throws `NotFoundError`. */
  get(name: string, options?: CallOptions): Promise<Instance> {
    return this.#api.get(path`/1.0/instances/${name}`, {}, options)
  }

  getWithEtag(name: string, options?: CallOptions): Promise<WithEtag<Instance>> {
    return this.#api.getWithEtag(path`/1.0/instances/${name}`, options)
  }

  /** Addresses, memory, processes, … */
  state(name: string, options?: CallOptions): Promise<InstanceState> {
    return this.#api.get(path`/1.0/instances/${name}/state`, {}, options)
  }

  /** Makes one from an image or, with `source: { type: 'copy' }`, from another one; it is not started. */
  create(body: InstancesPost, options?: CallOptions): Promise<Operation> {
    return this.#api.start('POST', '/1.0/instances', { body, ...options })
  }

  /** Makes one of the bytes of a backup. */
  import(stream: Readable, { name, ...options }: CallOptions & { name?: string } = {}): Promise<Operation> {
    const headers = { 'content-type': 'application/octet-stream', ...ownHeaders({ name }) }
    return this.#api.start('POST', '/1.0/instances', { stream, headers, ...options })
  }

  /** Makes a copy, of its snapshots too unless `instance_only`. */
  copy(
    name: string,
    to: string,
    { instanceOnly = false, ...options }: CallOptions & { instanceOnly?: boolean } = {},
  ): Promise<Operation> {
    const source = { type: 'copy', source: name, instance_only: instanceOnly }
    return this.create({ name: to, source }, options)
  }

  update(name: string, body: InstancePut, { etag, ...options }: UpdateOptions = {}): Promise<Operation> {
    return this.#api.start('PUT', path`/1.0/instances/${name}`, { body, headers: ifMatch(etag), ...options })
  }

  async patch(name: string, body: InstancePut, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PATCH', path`/1.0/instances/${name}`, { body, headers: ifMatch(etag), ...options })
  }

  /** Lets `change` work on a copy and writes it back, again where somebody else was faster. Nothing is sent for no change. */
  modify(name: string, change: (draft: Instance) => void | Promise<void>, options?: ModifyOptions): Promise<Instance> {
    return modify(this.#api, path`/1.0/instances/${name}`, change, options)
  }

  setState(name: string, body: InstanceStatePut, options?: CallOptions): Promise<Operation> {
    return this.#api.start('PUT', path`/1.0/instances/${name}/state`, { body, ...options })
  }

  /** The same for all of the project that it makes sense for. */
  setStateOfAll(state: InstanceStatePut, options?: CallOptions): Promise<Operation> {
    return this.#api.start('PUT', '/1.0/instances', { body: { state }, ...options })
  }

  rename(name: string, to: string, options?: CallOptions): Promise<Operation> {
    return this.move(name, { name: to }, options)
  }

  /** To another name, storage pool, project, or member of the cluster (`target` of the client). */
  move(name: string, body: InstancePost, options?: CallOptions): Promise<Operation> {
    return this.#api.start('POST', path`/1.0/instances/${name}`, { body, ...options })
  }

  /** It has to be stopped. */
  delete(name: string, options?: CallOptions): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/instances/${name}`, options)
  }

  snapshots(name: string): Snapshots<InstanceSnapshot, InstanceSnapshotsPost, InstanceSnapshotPut> {
    return new Snapshots(this.#api, path`/1.0/instances/${name}`)
  }

  backups(name: string): Backups<InstanceBackup, InstanceBackupsPost> {
    return new Backups(this.#api, path`/1.0/instances/${name}`)
  }

  metadata(name: string): InstanceMetadata {
    return new InstanceMetadata(this.#api, name)
  }

  /** Follows the instances of the project: lists them, then tells each change. */
  informer(options?: InformerOptions): Informer<Instance> {
    const { connection, query } = this.#api
    return new Informer(
      {
        events: (more) => new EventStream(connection, { project: query.project }, { ...more, reconnect: true }),
        list: (limits) => this.list(limits),
        get: (name, limits) => this.get(name, limits),
        keyOf: ({ name = '' }) => name,
        once: connection.retries === 0,
      },
      options,
    )
  }

  /**
   * Waits until an instance is as it is wanted. @returns it and its state
   * @throws NotFoundError when there is no such instance, also when it goes away meanwhile
   */
  waitFor(name: string, wanted: Wanted, options?: CallOptions): Promise<InstanceWithState> {
    return waitFor(this, this.#api, name, wanted, options)
  }

  /** Starts a command. Read or destroy both outputs; aborting `signal` kills it. */
  exec(name: string, { signal, deadline, stdin, ...body }: LxdExecOptions): Promise<Exec> {
    return exec(this.#api, path`/1.0/instances/${name}/exec`, waiting(body), { stdin, signal, deadline })
  }

  /** Starts a command in a terminal. */
  execInteractive(name: string, { signal, deadline, ...body }: LxdTerminalOptions): Promise<InteractiveExec> {
    return execInteractive(this.#api, path`/1.0/instances/${name}/exec`, waiting(body), { signal, deadline })
  }

  /** Runs a command to its end and keeps what it writes. Throws `OutputLimitError` beyond `limit`. */
  run(name: string, command: string[], { limit, signal, ...options }: LxdRunOptions = {}): Promise<RunResult> {
    const start = (signal: AbortSignal) => this.exec(name, { stdin: '', ...options, command, signal })
    return collect(start, signal, limit)
  }

  /** SFTP over a stream: give it to a client of that protocol. Needs LXD's extension `instance_sftp`, which 5.0 has not. */
  sftp(name: string, options?: CallOptions): Promise<Duplex> {
    return this.#api.connection.upgrade(path`/1.0/instances/${name}/sftp`, 'sftp', {
      query: this.#api.query,
      ...options,
    })
  }
}

/** Without it LXD starts the command before the sockets are there, and what it writes is lost. */
function waiting(body: object): object {
  return { ...body, 'wait-for-websocket': true }
}
