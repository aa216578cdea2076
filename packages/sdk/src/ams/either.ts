import type { CallOptions } from '../operations/api.ts'
import { type Features, isUnknown } from './features.ts'

/** Chooses between instances and containers, by `instance_support`. */
export class Either {
  readonly #features: Features

  constructor(features: Features) {
    this.#features = features
  }

  /** Makes the call for instances, and where the server does not know them, the one for containers. */
  async call<T>(
    options: CallOptions | undefined,
    instances: () => Promise<T>,
    containers: () => Promise<T>,
  ): Promise<T> {
    if (this.#features.known('instance_support') === false) return containers()
    try {
      return await instances()
    } catch (error) {
      // A 404 is usually that of the instance, so the server is asked once what it is.
      if (!isUnknown(error, [404, 405, 501]) || (await this.#features.may('instance_support', options))) throw error
      return containers()
    }
  }
}
