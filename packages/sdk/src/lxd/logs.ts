import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'

/** LXD's log files of an instance. */
export class InstanceLogs {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Their names. */
  async list(name: string, options?: CallOptions): Promise<string[]> {
    const urls = await this.#api.get<string[]>(path`/1.0/instances/${name}/logs`, {}, options)
    return urls.map((url) => decodeURIComponent(new URL(url, 'http://localhost').pathname.split('/').at(-1) ?? ''))
  }

  /** The stream has to be read or destroyed. */
  async get(name: string, file: string, options?: CallOptions): Promise<Readable> {
    return (await this.#api.raw('GET', path`/1.0/instances/${name}/logs/${file}`, options)).body
  }

  async delete(name: string, file: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/instances/${name}/logs/${file}`, options)
  }
}
