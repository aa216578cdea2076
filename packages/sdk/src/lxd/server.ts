import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import { type ModifyOptions, modify } from '../operations/modify.ts'
import { type MetricFamily, parseMetrics } from '../operations/prometheus.ts'
import type { Resources, Server, ServerPut } from './types.ts'

export class LxdServer {
  readonly #api: Api
  #extensions: Promise<string[]> | undefined

  constructor(api: Api) {
    this.#api = api
  }

  /** The paths of the API's versions, such as `/1.0`. */
  versions(options?: CallOptions): Promise<string[]> {
    return this.#api.get('/', {}, options)
  }

  /** What an untrusted caller gets has `auth: 'untrusted'` and lacks most. */
  get(options?: CallOptions): Promise<Server> {
    return this.#api.get('/1.0', {}, options)
  }

  getWithEtag(options?: CallOptions): Promise<WithEtag<Server>> {
    return this.#api.getWithEtag('/1.0', options)
  }

  /** Whether the server has a feature, by its name in `api_extensions`. Asks once. */
  async hasExtension(name: string, options?: CallOptions): Promise<boolean> {
    this.#extensions ??= this.get(options).then(({ api_extensions }) => api_extensions ?? [])
    try {
      return (await this.#extensions).includes(name)
    } catch (error) {
      this.#extensions = undefined
      throw error
    }
  }

  /** Replaces the server's configuration: keys left out are unset. */
  async update(body: ServerPut, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PUT', '/1.0', { body, headers: ifMatch(etag), ...options })
  }

  async patch(body: ServerPut, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PATCH', '/1.0', { body, headers: ifMatch(etag), ...options })
  }

  modify(change: (draft: Server) => void | Promise<void>, options?: ModifyOptions): Promise<Server> {
    return modify(this.#api, '/1.0', change, options)
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

/** Counters of every instance. */
export class LxdMetrics {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** By name: `(await lxd.metrics.get()).get('lxd_cpu_seconds_total')?.samples`. */
  async get(options?: CallOptions): Promise<Map<string, MetricFamily>> {
    return parseMetrics(await this.text(options))
  }

  /** As LXD writes them: Prometheus' text format. */
  async text(options?: CallOptions): Promise<string> {
    return (await this.#api.text('/1.0/metrics', options)).text
  }
}
