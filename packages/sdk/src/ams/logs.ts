import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Features } from './features.ts'

/** The log files that AMS keeps of instances that failed. */
export class AmsLogs {
  readonly #api: Api
  readonly #features: Features
  readonly #kind: 'instances' | 'containers'

  constructor(api: Api, features: Features, kind: 'instances' | 'containers') {
    this.#api = api
    this.#features = features
    this.#kind = kind
  }

  /** Their names. */
  async list(id: string, options?: CallOptions): Promise<string[]> {
    const { items } = await this.#need(options, () =>
      this.#api.getPage<string>(path`/1.0/${this.#kind}/${id}/logs`, {}, options),
    )
    return items.map((url) => decodeURIComponent(url.split('/').at(-1) ?? ''))
  }

  /** The stream has to be read or destroyed. Throws `NotFoundError`. */
  async get(id: string, name: string, options?: CallOptions): Promise<Readable> {
    const { body } = await this.#need(options, () =>
      this.#api.raw('GET', path`/1.0/${this.#kind}/${id}/logs/${name}`, options),
    )
    return body
  }

  #need<T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    return this.#features.need(this.#kind === 'containers' ? 'container_logs' : [], options, call)
  }
}
