import type { Limits } from '../connection/deadline.ts'
import { path } from '../connection/path.ts'
import type { Page } from '../operations/api.ts'
import { withHiddenUrl, withTexts } from './answer.ts'
import { GatewaySession } from './session.ts'
import type { Transport } from './transport.ts'
import type {
  Joined,
  Screen,
  Session,
  SessionCreated,
  SessionPost,
  SessionStatus,
  SessionsDeleted,
  ShareCreated,
  SharePost,
} from './types.ts'

export type SessionFilter = Limits & {
  status?: SessionStatus
  limit?: number
  offset?: number
  sort_by?: string
  sort_order?: 'asc' | 'desc'
}
export type SessionDeleteOptions = Limits & {
  /** Ends it also where its instance cannot be ended in good order. */
  force?: boolean
  /** Answers when it has ended, not when that has begun. */
  sync?: boolean
}
/** What became of each session that was to be ended. */
export type SessionsEnded = {
  deleted: string[]
  /** Their end has only begun. */
  begun: string[]
  errors: { id: string; message: string; status: number }[]
}

export class GatewaySessions {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  async list(filter?: SessionFilter): Promise<Session[]> {
    return (await this.page(filter)).items
  }

  /** A part of them, and how many there are. */
  async page({ signal, deadline, ...filter }: SessionFilter = {}): Promise<Page<Session>> {
    const query = { recursion: true, ...filter }
    const asked = { query, signal, deadline }
    const { metadata, total } = await this.#transport.request<Session[] | null>('GET', '/1.0/sessions', asked)
    const items = metadata ?? []
    return { items, total: total ?? items.length }
  }

  /** Throws `NotFoundError`. */
  async get(id: string, options: Limits = {}): Promise<Session> {
    const { metadata } = await this.#transport.request<Session>('GET', path`/1.0/sessions/${id}`, options)
    return withTexts(metadata, `session ${id}`, 'id')
  }

  /** Starts an application and prepares to view it. Throws `NotFoundError` where no agent can host it. */
  async create(body: SessionPost, options: Limits = {}): Promise<GatewaySession> {
    const { metadata } = await this.#transport.request<SessionCreated>('POST', '/1.0/sessions', { body, ...options })
    const made = withTexts(metadata, 'a new session', 'id', 'url')
    return new GatewaySession(this, this.#transport, made.id, made)
  }

  /** The way to a session that runs; who views it already is disconnected. */
  async join(id: string, { screen, ...limits }: Limits & { screen?: Screen } = {}): Promise<GatewaySession> {
    const at = path`/1.0/sessions/${id}/join`
    const { metadata } = await this.#transport.request<Joined>('POST', at, { body: { screen }, ...limits })
    return new GatewaySession(this, this.#transport, id, withTexts(metadata, `session ${id}`, 'url'))
  }

  /**
   * A URL by which somebody without an account reaches the session: at most 5 a session, for 12 hours unless said. It is a
   * secret, so `url` does not show when the share is printed.
   */
  async share(id: string, body: SharePost = { type: 'adb' }, options: Limits = {}): Promise<ShareCreated> {
    const at = path`/1.0/sessions/${id}/share`
    const { metadata } = await this.#transport.request<ShareCreated>('POST', at, { body, ...options })
    return withHiddenUrl(withTexts(metadata, 'a new share', 'id', 'url'))
  }

  async delete(id: string, { force, sync, ...limits }: SessionDeleteOptions = {}): Promise<void> {
    await this.#transport.request('DELETE', path`/1.0/sessions/${id}`, { query: { force, sync }, ...limits })
  }

  /** Ends several. One that cannot be ended is among the `errors`; the others are ended all the same. */
  async deleteMany(ids: string[], { force, sync, ...limits }: SessionDeleteOptions = {}): Promise<SessionsEnded> {
    const { metadata, status } = await this.#transport.request<SessionsDeleted | undefined>('DELETE', '/1.0/sessions', {
      body: { ids },
      query: { force, sync },
      ...limits,
    })
    const errors = (metadata?.errors ?? []).map(({ session_id = '', error_message = '', status_code = 500 }) => ({
      id: session_id,
      message: error_message,
      status: status_code,
    }))
    return { deleted: metadata?.deleted_sessions ?? [], begun: status === 202 ? ids : [], errors }
  }
}
