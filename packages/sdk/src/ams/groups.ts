import { path } from '../connection/path.ts'
import { type Api, type CallOptions, ifMatch, type Page, type UpdateOptions } from '../operations/api.ts'
import type { Features } from './features.ts'
import { entitled, type GetOptions, listQuery, type Paging } from './query.ts'
import type { AuthGroup, AuthGroupPost, AuthGroupPut } from './types.ts'

export type AmsGroupFilter = Paging & {
  /** A part of it is enough. */
  name?: string
}

/** Groups of identities and what they may do. */
export class AmsGroups {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  async list(filter?: AmsGroupFilter, options?: CallOptions): Promise<AuthGroup[]> {
    return (await this.page(filter, options)).items
  }

  /** As `list`, and how many there are in all, whatever `limit` says. */
  page(filter: AmsGroupFilter = {}, options?: CallOptions): Promise<Page<AuthGroup>> {
    return this.#need(options, () => this.#api.getPage('/1.0/auth/groups', listQuery(filter), options))
  }

  /** Throws `NotFoundError`. */
  get(name: string, { entitlements, ...options }: GetOptions = {}): Promise<AuthGroup> {
    return this.#need(options, () => this.#api.get(path`/1.0/auth/groups/${name}`, entitled(entitlements), options))
  }

  async create(body: AuthGroupPost, options?: CallOptions): Promise<void> {
    await this.#need(options, () => this.#api.send('POST', '/1.0/auth/groups', { body, ...options }))
  }

  /** Changes what `body` names. Permissions replace the old ones, each `{ entitlement, resource: 'server' | 'TYPE:ID' }`. */
  async update(name: string, body: AuthGroupPut, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    const request = { body, headers: ifMatch(etag), ...options }
    await this.#need(options, () => this.#api.send('PUT', path`/1.0/auth/groups/${name}`, request))
  }

  async delete(name: string, { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<void> {
    const request = { body: { force }, ...options }
    await this.#need(options, () => this.#api.send('DELETE', path`/1.0/auth/groups/${name}`, request))
  }

  #need<T>(options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    return this.#features.need('auth.groups', options, call)
  }
}
