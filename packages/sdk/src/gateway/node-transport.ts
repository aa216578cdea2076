import type WebSocket from 'ws'
import { Connection } from '../connection/connection.ts'
import type { Limits } from '../connection/deadline.ts'
import type { Common, ServerTrust } from '../connection/options.ts'
import type { Query } from '../connection/path.ts'
import type { Reply } from '../connection/reply.ts'
import { Token, type TokenProvider } from '../connection/token.ts'
import { ServerError } from '../errors.ts'
import type { GatewayReply, GatewayRequest, Transport } from './transport.ts'

export type NodeTransportOptions = Common & (ServerTrust | { ca?: never; fingerprint?: never })

/** Over undici and ws. What an answer's URL leads to is trusted as the gateway is, and is never shown the token. */
export class NodeTransport implements Transport {
  readonly #options: NodeTransportOptions
  readonly #gateway: Connection | undefined
  readonly #others = new Map<string, Connection>()

  constructor(options: NodeTransportOptions, gateway?: { url: string; token: string | TokenProvider }) {
    this.#options = options
    // The public browser SDK writes it with a capital, so the letters do not matter.
    const token = gateway && new Token('macaroon root=', gateway.token)
    this.#gateway = gateway && new Connection({ ...options, url: gateway.url }, token)
  }

  async request<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options: GatewayRequest) {
    if (!this.#gateway) throw new TypeError('this transport has no gateway')
    return answer<T>(method, path, await this.#gateway.request<T>(method, path, options))
  }

  /** A GET of a URL that the gateway has given. */
  async visit<T>(url: string, limits: Limits): Promise<GatewayReply<T>> {
    const { connection, path, query } = this.#at(url)
    return answer<T>('GET', path, await connection.request<T>('GET', path, { query, ...limits }))
  }

  socket(url: string, limits: Limits): Promise<WebSocket> {
    const { connection, path, query } = this.#at(url)
    return connection.socket(path, { query, ...limits })
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway?.close(), ...[...this.#others.values()].map((connection) => connection.close())])
  }

  #at(text: string): { connection: Connection; path: string; query: Query } {
    const url = URL.canParse(text) ? new URL(text) : undefined
    // The URL holds a token, so it is in no message.
    if (!url || !['https:', 'wss:'].includes(url.protocol))
      throw new ServerError('the gateway gave a URL that is neither https:// nor wss://; nothing was sent to it')
    const known = this.#others.get(url.host)
    const connection = known ?? new Connection({ ...this.#options, url: `https://${url.host}` })
    this.#others.set(url.host, connection)
    return { connection, path: url.pathname, query: Object.fromEntries(url.searchParams) }
  }
}

function answer<T>(method: string, path: string, { envelope, status, body }: Reply<T>): GatewayReply<T> {
  if (envelope)
    return {
      metadata: envelope.metadata,
      status,
      ...(envelope.total_size !== undefined && { total: envelope.total_size }),
    }
  body.destroy()
  throw new ServerError(`${method} ${path}: the answer is no JSON`, { method, path, status })
}
