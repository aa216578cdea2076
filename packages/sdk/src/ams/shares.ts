import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Features } from './features.ts'
import type { Share, SharePatch, SharesPost } from './types.ts'

/**
 * Access to an instance for somebody else, such as to its ADB. AMS has no list of them: the gateway has, by the session
 * that the instance's tag `session=ID` names.
 */
export class AmsShares {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  /** `expiry_at` is in seconds since 1970. The answer's `url` lets its holder in: a secret. */
  create(instance: string, body: SharesPost, options?: CallOptions): Promise<Share> {
    return this.#need(options, () =>
      this.#api.send('POST', path`/1.0/instances/${instance}/shares`, { body, ...options }),
    )
  }

  async update(instance: string, share: string, body: SharePatch, options?: CallOptions): Promise<void> {
    await this.#need(options, () =>
      this.#api.send('PATCH', path`/1.0/instances/${instance}/shares/${share}`, { body, ...options }),
    )
  }

  async delete(instance: string, share: string, options?: CallOptions): Promise<void> {
    // AMS's description says POST; the server and its clients mean DELETE.
    await this.#need(options, () => this.#api.send('DELETE', path`/1.0/instances/${instance}/shares/${share}`, options))
  }

  #need<T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    return this.#features.need('instance_share_support', options, call)
  }
}
