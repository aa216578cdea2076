import type { Duplex, Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { execInteractive } from '../operations/exec.ts'

export type AttachedConsole = {
  terminal: Duplex
  /** In characters. */
  resize(width: number, height: number): void
  /** Leaves it; what runs there goes on. */
  detach(): void
  /** When it was left, or the instance has stopped. Throws what broke the connection. */
  ended: Promise<void>
}

/** The console of an instance: what a login prompt or a boot loader is shown on. */
export class InstanceConsole {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Attaches to the console of a running instance. Only one can be attached: with `force` who is there is put out. */
  async attach(
    name: string,
    { width, height, force, signal, deadline }: CallOptions & { width?: number; height?: number; force?: boolean } = {},
  ): Promise<AttachedConsole> {
    const body = { type: 'console', width, height, ...(force !== undefined && { force }) }
    const leaving = new AbortController()
    const either = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal
    const at = path`/1.0/instances/${name}/console`
    const { terminal, resize, done } = await execInteractive(this.#api, at, body, { signal: either, deadline })
    const ended = done.then(
      () => {},
      (error) => {
        if (!leaving.signal.aborted) throw error
      },
    )
    ended.catch(() => {})
    return { terminal, resize, ended, detach: () => leaving.abort() }
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
