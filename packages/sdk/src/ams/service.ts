import type { Api, CallOptions } from '../operations/api.ts'
import type { Features } from './features.ts'
import type { Config, Service, Task } from './types.ts'

export class AmsService {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  /** Open to everybody; `auth` says whether the server trusts this caller. */
  get(options?: CallOptions): Promise<Service> {
    return this.#api.get('/1.0', {}, options)
  }

  /** Such as "1.30.1". */
  async version(options?: CallOptions): Promise<string> {
    return (await this.#api.get<{ version: string }>('/1.0/version', {}, options)).version
  }

  /** Whether the server has a feature, by its name in `api_extensions`. Asks once. */
  hasExtension(name: string, options?: CallOptions): Promise<boolean> {
    return this.#features.has(name, options)
  }
}

export class AmsConfig {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Flags and numbers come as such or as text; of a secret the answer tells only that there is one. */
  async get(options?: CallOptions): Promise<Config> {
    return (await this.#api.get<{ config: Config }>('/1.0/config', {}, options)).config
  }

  /** One item at a time, always as text; fulfilled when the change is made. */
  async set(name: string, value: string, options?: CallOptions): Promise<void> {
    await this.#api.send('PATCH', '/1.0/config', { body: { name, value }, ...options })
  }
}

/** The server's queue of work. */
export class AmsTasks {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list(options?: CallOptions): Promise<Task[]> {
    return (await this.#api.getPage<Task>('/1.0/tasks', { recursion: 1 }, options)).items
  }
}
