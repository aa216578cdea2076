import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { type Exec, type ExecInput, exec, execInteractive, type InteractiveExec } from '../operations/exec.ts'
import type { Operation } from '../operations/operation.ts'
import { collect, type RunResult } from '../operations/run.ts'
import type { Instance, InstancePatch, InstanceStatus, InstancesPost } from './types.ts'

/** Each narrows the list further. */
export type AmsInstanceFilter = {
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
  limit?: number
  offset?: number
}
/** With `noWait` the operation ends when the server has accepted the change, not when the instance is there. */
export type AmsChangeOptions = CallOptions & { noWait?: boolean }
type Command = { command: string[]; environment?: Record<string, string> }
export type AmsExecOptions = CallOptions & Command & { stdin?: ExecInput }
export type AmsTerminalOptions = CallOptions & Command & { width?: number; height?: number }
export type AmsRunOptions = Omit<AmsExecOptions, 'command'> & {
  /** Bytes of each output; 1 MiB unless said. */
  limit?: number
}

/** Instances by id or name. */
export class AmsInstances {
  readonly #api: Api
  readonly logs: AmsLogs

  constructor(api: Api) {
    this.#api = api
    this.logs = new AmsLogs(api)
  }

  list({ tags, ...filter }: AmsInstanceFilter = {}, options?: CallOptions): Promise<Instance[]> {
    return this.#api.get('/1.0/instances', { recursion: 1, ...filter, tags: tags?.join(',') }, options)
  }

  /** Throws `NotFoundError`. */
  get(id: string, options?: CallOptions): Promise<Instance> {
    return this.#api.get(path`/1.0/instances/${id}`, {}, options)
  }

  /** Makes an instance from an image or an application and starts it: `operation.resource('instances')` is its id. */
  launch(body: InstancesPost, { noWait, signal }: AmsChangeOptions = {}): Promise<Operation> {
    return this.#api.start('POST', '/1.0/instances', { body, query: { no_wait: noWait }, signal })
  }

  update(id: string, body: InstancePatch, { noWait, signal }: AmsChangeOptions = {}): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/instances/${id}`, { body, query: { no_wait: noWait }, signal })
  }

  start(id: string, options?: AmsChangeOptions): Promise<Operation> {
    return this.update(id, { desired_status: 'running' }, options)
  }

  stop(id: string, options?: AmsChangeOptions): Promise<Operation> {
    return this.update(id, { desired_status: 'stopped' }, options)
  }

  delete(id: string, { force = false, signal }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/instances/${id}`, { body: { force }, signal })
  }

  /** Starts a command. Read or destroy both outputs; aborting `signal` kills it. */
  exec(id: string, { signal, stdin, ...body }: AmsExecOptions): Promise<Exec> {
    return exec(this.#api, path`/1.0/instances/${id}/exec`, body, { stdin, signal })
  }

  /** Starts a command in a terminal. */
  execInteractive(id: string, { signal, ...body }: AmsTerminalOptions): Promise<InteractiveExec> {
    return execInteractive(this.#api, path`/1.0/instances/${id}/exec`, body, { signal })
  }

  /** Runs a command to its end and keeps what it writes. Throws `OutputLimitError` beyond `limit`. */
  run(id: string, command: string[], { limit, signal, ...options }: AmsRunOptions = {}): Promise<RunResult> {
    const start = (signal: AbortSignal) => this.exec(id, { stdin: '', ...options, command, signal })
    return collect(start, signal, limit)
  }
}

/** The log files that AMS keeps of instances that failed. */
export class AmsLogs {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Their names. */
  async list(id: string, options?: CallOptions): Promise<string[]> {
    const urls = await this.#api.get<string[]>(path`/1.0/instances/${id}/logs`, {}, options)
    return urls.map((url) => decodeURIComponent(url.split('/').at(-1) ?? ''))
  }

  /** The stream has to be read or destroyed. */
  async get(id: string, name: string, { signal }: CallOptions = {}): Promise<Readable> {
    return (await this.#api.raw('GET', path`/1.0/instances/${id}/logs/${name}`, { signal })).body
  }
}
