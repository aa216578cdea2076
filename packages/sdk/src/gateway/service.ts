import type { Limits } from '../connection/deadline.ts'
import type { Transport } from './transport.ts'
import type { Application, Config, Region, Status } from './types.ts'

export class GatewayService {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Whether it works, and how many agents and database nodes it has. It may take 7 seconds to find out. */
  async status(options: Limits = {}): Promise<Status> {
    return (await this.#transport.request<Status>('GET', '/1.0/status', options)).metadata
  }

  /** The names of the regions that have agents. */
  async regions(options: Limits = {}): Promise<string[]> {
    return names((await this.#transport.request<Region[] | null>('GET', '/1.0/regions', options)).metadata)
  }

  /** The names of the applications that can be streamed. */
  async applications(options: Limits = {}): Promise<string[]> {
    return names((await this.#transport.request<Application[] | null>('GET', '/1.0/applications', options)).metadata)
  }

  /** The names of its items are not published. */
  async config(options: Limits = {}): Promise<Config> {
    return (await this.#transport.request<Config | null>('GET', '/1.0/config', options)).metadata ?? {}
  }

  async setConfig(name: string, value: string, options: Limits = {}): Promise<void> {
    await this.#transport.request('PATCH', '/1.0/config', { body: { name, value }, ...options })
  }
}

function names(list: { name: string }[] | null): string[] {
  return (list ?? []).map(({ name }) => name)
}
