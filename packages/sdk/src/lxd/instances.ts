import { path } from '../connection/path.ts'
import type { Api, WithEtag } from '../operations/api.ts'
import { type CallOptions, ifMatch, type UpdateOptions } from '../operations/api.ts'
import { type Exec, type ExecInput, exec, execInteractive, type InteractiveExec } from '../operations/exec.ts'
import type { Operation } from '../operations/operation.ts'
import { collect, type RunResult } from '../operations/run.ts'
import { InstanceFiles } from './files.ts'
import { InstanceConsole, InstanceLogs } from './logs.ts'
import type {
  ExecBody,
  Instance,
  InstanceFull,
  InstancePut,
  InstanceState,
  InstanceStatePut,
  InstancesPost,
} from './types.ts'

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
    signal,
  }: InstanceFilter & { recursion?: 1 | 2 } = {}): Promise<Instance[]> {
    // A project may not be named along with all of them.
    const scope = allProjects ? { 'all-projects': true, project: undefined } : {}
    return this.#api.get('/1.0/instances', { recursion, filter, ...scope }, { signal })
  }

  /** Throws `NotFoundError`. */
  get(name: string, options?: CallOptions): Promise<Instance> {
    return this.#api.get(path`/1.0/instances/${name}`, {}, options)
  }

  getWithEtag(name: string): Promise<WithEtag<Instance>> {
    return this.#api.getWithEtag(path`/1.0/instances/${name}`)
  }

  /** Addresses, memory, processes, … */
  state(name: string, options?: CallOptions): Promise<InstanceState> {
    return this.#api.get(path`/1.0/instances/${name}/state`, {}, options)
  }

  /** Makes one from an image or, with `source: { type: 'copy' }`, from another one; it is not started. */
  create(body: InstancesPost, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('POST', '/1.0/instances', { body, signal })
  }

  update(name: string, body: InstancePut, { etag, signal }: UpdateOptions = {}): Promise<Operation> {
    return this.#api.start('PUT', path`/1.0/instances/${name}`, { body, headers: ifMatch(etag), signal })
  }

  async patch(name: string, body: InstancePut, { etag, signal }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PATCH', path`/1.0/instances/${name}`, { body, headers: ifMatch(etag), signal })
  }

  setState(name: string, body: InstanceStatePut, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('PUT', path`/1.0/instances/${name}/state`, { body, signal })
  }

  rename(name: string, to: string, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('POST', path`/1.0/instances/${name}`, { body: { name: to }, signal })
  }

  /** It has to be stopped. */
  delete(name: string, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/instances/${name}`, { signal })
  }

  /** Starts a command. Read or destroy both outputs; aborting `signal` kills it. */
  exec(name: string, { signal, stdin, ...body }: LxdExecOptions): Promise<Exec> {
    return exec(this.#api, path`/1.0/instances/${name}/exec`, waiting(body), { stdin, signal })
  }

  /** Starts a command in a terminal. */
  execInteractive(name: string, { signal, ...body }: LxdTerminalOptions): Promise<InteractiveExec> {
    return execInteractive(this.#api, path`/1.0/instances/${name}/exec`, waiting(body), { signal })
  }

  /** Runs a command to its end and keeps what it writes. Throws `OutputLimitError` beyond `limit`. */
  run(name: string, command: string[], { limit, signal, ...options }: LxdRunOptions = {}): Promise<RunResult> {
    const start = (signal: AbortSignal) => this.exec(name, { stdin: '', ...options, command, signal })
    return collect(start, signal, limit)
  }
}

/** Without it LXD starts the command before the sockets are there, and what it writes is lost. */
function waiting(body: object): object {
  return { ...body, 'wait-for-websocket': true }
}
