import type { Limits } from '../connection/deadline.ts'
import { path } from '../connection/path.ts'
import type { Transport } from './transport.ts'
import type { Share, ShareBase, SharePatch } from './types.ts'

export type ShareFilter = Limits & { session_id?: string; limit?: number; offset?: number }

/** URLs by which somebody without an account reaches a session. */
export class GatewayShares {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** All but their URLs. */
  async list({ signal, deadline, ...filter }: ShareFilter = {}): Promise<ShareBase[]> {
    const query = { recursion: true, ...filter }
    const { metadata } = await this.#transport.request<ShareBase[] | null>('GET', '/1.0/shares', {
      query,
      signal,
      deadline,
    })
    return metadata ?? []
  }

  /** With its URL. Throws `NotFoundError`. */
  async get(id: string, options: Limits = {}): Promise<Share> {
    return (await this.#transport.request<Share>('GET', path`/1.0/shares/${id}`, options)).metadata
  }

  /** `expiry_at` is in Unix seconds, at most 30 days ahead. */
  async update(id: string, body: SharePatch, options: Limits = {}): Promise<Share> {
    return (await this.#transport.request<Share>('PATCH', path`/1.0/shares/${id}`, { body, ...options })).metadata
  }

  /** Also cuts who came by it. */
  async delete(id: string, { sync, ...limits }: Limits & { sync?: boolean } = {}): Promise<void> {
    await this.#transport.request('DELETE', path`/1.0/shares/${id}`, { query: { sync }, ...limits })
  }
}
