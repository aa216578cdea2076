import type { Limits } from '../connection/deadline.ts'
import { path } from '../connection/path.ts'
import type { Page } from '../operations/api.ts'
import { withHiddenUrl, withTexts } from './answer.ts'
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
  async list(filter?: ShareFilter): Promise<ShareBase[]> {
    return (await this.page(filter)).items
  }

  /** A part of them, and how many there are. */
  async page({ signal, deadline, ...filter }: ShareFilter = {}): Promise<Page<ShareBase>> {
    const asked = { query: { recursion: true, ...filter }, signal, deadline }
    const { metadata, total } = await this.#transport.request<ShareBase[] | null>('GET', '/1.0/shares', asked)
    const items = metadata ?? []
    return { items, total: total ?? items.length }
  }

  /** With its URL, which does not show when it is printed. Throws `NotFoundError`. */
  async get(id: string, options: Limits = {}): Promise<Share> {
    const { metadata } = await this.#transport.request<Share>('GET', path`/1.0/shares/${id}`, options)
    return withHiddenUrl(withTexts(metadata, `share ${id}`, 'id'))
  }

  /** `expiry_at` is in Unix seconds, at most 30 days ahead. */
  async update(id: string, body: SharePatch, options: Limits = {}): Promise<Share> {
    const { metadata } = await this.#transport.request<Share>('PATCH', path`/1.0/shares/${id}`, { body, ...options })
    return withHiddenUrl(withTexts(metadata, `share ${id}`, 'id'))
  }

  /** Also cuts who came by it. */
  async delete(id: string, { sync, ...limits }: Limits & { sync?: boolean } = {}): Promise<void> {
    await this.#transport.request('DELETE', path`/1.0/shares/${id}`, { query: { sync }, ...limits })
  }
}
