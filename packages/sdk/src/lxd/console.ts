import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { execInteractive, type InteractiveExec } from '../operations/exec.ts'

/** The console of an instance: what a login prompt or a boot loader is shown on. */
export class InstanceConsole {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /**
   * Attaches to the console of a running instance. Only one can be attached: with `force` who is there is put out. Leave with
   * `terminal.end()`, or by aborting.
   */
  attach(
    name: string,
    { width, height, force, ...options }: CallOptions & { width?: number; height?: number; force?: boolean } = {},
  ): Promise<InteractiveExec> {
    const body = { type: 'console', width, height, ...(force !== undefined && { force }) }
    return execInteractive(this.#api, path`/1.0/instances/${name}/console`, body, options)
  }

  /** What a running container wrote to its console, as much as LXD keeps. The stream has to be read or destroyed. */
  async log(name: string, options?: CallOptions): Promise<Readable> {
    return (await this.#api.raw('GET', path`/1.0/instances/${name}/console`, options)).body
  }

  /** Empties that log. */
  async clear(name: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/instances/${name}/console`, options)
  }
}
