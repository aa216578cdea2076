import type { Api, CallOptions } from '../operations/api.ts'
import type { Features } from './features.ts'
import type { OidcConfig, Permission } from './types.ts'

/** What this caller may do. */
export class AmsPermissions {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list(options?: CallOptions): Promise<Permission[]> {
    // AMS's description has one object where its client gets a list.
    const found = await this.#api.get<Permission | Permission[] | null>(
      '/1.0/auth/permissions',
      { recursion: 1 },
      options,
    )
    return [found ?? []].flat()
  }
}

/** How a token for this server is had from its identity provider. */
export class AmsOidc {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  /** Open to everybody, and asked without a token, so that a provider of tokens may call it. With `deviceCode` also the client id and the audience that the device flow needs. */
  get({ deviceCode, ...options }: CallOptions & { deviceCode?: boolean } = {}): Promise<OidcConfig> {
    const query = deviceCode ? { grant_type: 'device_code' } : {}
    return this.#features.need('oidc_support', options, () =>
      this.#api.send('GET', '/1.0/auth/oidc', { query, anonymous: true, ...options }),
    )
  }
}
