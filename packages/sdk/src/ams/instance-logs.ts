import type { Readable } from 'node:stream'
import type { Api, CallOptions } from '../operations/api.ts'
import { Either } from './either.ts'
import type { Features } from './features.ts'
import { AmsLogs } from './logs.ts'

/** The log files that AMS keeps of instances that failed. */
export class AmsInstanceLogs {
  readonly #either: Either
  readonly #instances: AmsLogs
  readonly #containers: AmsLogs

  constructor(api: Api, features: Features) {
    this.#either = new Either(features)
    this.#instances = new AmsLogs(api, features, 'instances')
    this.#containers = new AmsLogs(api, features, 'containers')
  }

  /** Their names. */
  list(id: string, options?: CallOptions): Promise<string[]> {
    return this.#either.call(
      options,
      () => this.#instances.list(id, options),
      () => this.#containers.list(id, options),
    )
  }

  /** The stream has to be read or destroyed. Throws `NotFoundError`. */
  get(id: string, name: string, options?: CallOptions): Promise<Readable> {
    return this.#either.call(
      options,
      () => this.#instances.get(id, name, options),
      () => this.#containers.get(id, name, options),
    )
  }
}
