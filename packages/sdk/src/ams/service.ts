import type { Api, CallOptions } from '../operations/api.ts'
import type { Config, Service, Task } from './types.ts'

export class AmsService {
  readonly #api: Api
  #extensions: Promise<string[]> | undefined

  constructor(api: Api) {
    this.#api = api
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
  async hasExtension(name: string): Promise<boolean> {
    this.#extensions ??= this.get().then(({ api_extensions }) => api_extensions)
    try {
      return (await this.#extensions).includes(name)
    } catch (error) {
      this.#extensions = undefined
      throw error
    }
  }
}

export class AmsConfig {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async get(options?: CallOptions): Promise<Config> {
    return (await this.#api.get<{ config: Config }>('/1.0/config', {}, options)).config
  }

  /** One item at a time, always as text; fulfilled when the change is made. */
  async set(name: string, value: string, { signal }: CallOptions = {}): Promise<void> {
    const operation = await this.#api.start('PATCH', '/1.0/config', { body: { name, value }, signal })
    await operation.wait({ signal })
  }
}

export class AmsTasks {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options?: CallOptions): Promise<Task[]> {
    return this.#api.get('/1.0/tasks', { recursion: 1 }, options)
  }
}
