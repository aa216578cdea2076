import type { Api, WithEtag } from '../operations/api.ts'
import { type CallOptions, ifMatch, type UpdateOptions } from '../operations/api.ts'
import { Named } from './named.ts'
import type {
  Resources,
  ResourcesStoragePool,
  Server,
  ServerPut,
  StoragePool,
  StoragePoolPut,
  StoragePoolsPost,
} from './types.ts'

export class LxdServer {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** What an untrusted caller gets has `auth: 'untrusted'` and lacks most. */
  get(options?: CallOptions): Promise<Server> {
    return this.#api.get('/1.0', {}, options)
  }

  getWithEtag(): Promise<WithEtag<Server>> {
    return this.#api.getWithEtag('/1.0')
  }

  /** Replaces the server's configuration: keys left out are unset. */
  async update(body: ServerPut, { etag, signal }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PUT', '/1.0', { body, headers: ifMatch(etag), signal })
  }

  async patch(body: ServerPut, { etag, signal }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PATCH', '/1.0', { body, headers: ifMatch(etag), signal })
  }
}

/** The machine's hardware. */
export class LxdResources {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  get(options?: CallOptions): Promise<Resources> {
    return this.#api.get('/1.0/resources', {}, options)
  }
}

export class StoragePools extends Named<StoragePool, StoragePoolsPost, StoragePoolPut> {
  /** Space and inodes, used and in all. */
  resources(name: string, options?: CallOptions): Promise<ResourcesStoragePool> {
    return this.api.get(`${this.at(name)}/resources`, {}, options)
  }
}
