import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Features } from './features.ts'
import type { RegistryApplication } from './types.ts'

/** The Anbox Application Registry that the server is configured for. */
export class AmsRegistry {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  /** What the registry holds. `versions` is a map by number. */
  async list(options?: CallOptions): Promise<RegistryApplication[]> {
    const { items } = await this.#need(options, () =>
      this.#api.getPage<RegistryApplication>('/1.0/registry/applications', {}, options),
    )
    return items
  }

  /** Sends an application of this server to the registry. */
  push(id: string, options?: CallOptions): Promise<Operation> {
    return this.#need(options, () => this.#api.start('POST', path`/1.0/registry/applications/${id}/push`, options))
  }

  /** Fetches one from the registry. It is immutable here. */
  pull(id: string, options?: CallOptions): Promise<Operation> {
    return this.#need(options, () => this.#api.start('POST', path`/1.0/registry/applications/${id}/pull`, options))
  }

  delete(id: string, options?: CallOptions): Promise<Operation> {
    return this.#need(options, () => this.#api.start('DELETE', path`/1.0/registry/applications/${id}`, options))
  }

  #need<T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    return this.#features.need('registry', options, call)
  }
}
