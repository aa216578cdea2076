import { path } from '../connection/path.ts'
import type { Api, CallOptions } from './api.ts'
import type { Operation, WaitOptions } from './operation.ts'

/** The operations of a server. */
export class Operations {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** Those that the server still knows: going on, or ended a few seconds ago. */
  async list(options?: CallOptions): Promise<Operation[]> {
    const generation = this.#api.tracker.feed.generation
    const metadata = await this.#api.get<unknown>('/1.0/operations', { recursion: 1 }, options)
    // LXD, and AMS as its clients know it, answer a map from status to list; AMS's description says a list.
    const states = Array.isArray(metadata) ? metadata : Object.values(metadata ?? {}).flat()
    return states.map((state) => this.#api.operation(state, generation))
  }

  /** Throws `NotFoundError` when the server has forgotten it. */
  async get<Result>(id: string, options?: CallOptions): Promise<Operation<Result>> {
    const generation = this.#api.tracker.feed.generation
    return this.#api.operation<Result>(await this.#api.get(path`/1.0/operations/${id}`, {}, options), generation)
  }

  async wait<Result>(id: string, options?: WaitOptions<Result>): Promise<Operation<Result>> {
    return (await this.get<Result>(id)).wait(options)
  }

  async cancel(id: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/operations/${id}`, options)
  }
}
