import type { Limits } from '../connection/deadline.ts'
import { withQuery } from '../connection/path.ts'
import {
  AnboxError,
  errorForStatus,
  InvalidRequestError,
  ServerError,
  TimeoutError,
  UnavailableError,
} from '../errors.ts'
import type { GatewayReply, GatewayRequest, MessageSocket, Transport } from './transport.ts'

type Envelope<T> = { type?: string; error?: string; metadata: T; total_size?: number }

/** Over fetch and WebSocket. */
export class BrowserTransport implements Transport {
  readonly #origin: string
  readonly #token: string
  readonly #closing = new AbortController()

  constructor(url: string, token: string) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new InvalidRequestError('url has to be https://host:port', { code: 'invalid-request' })
    if (!/^[\x21-\x7e]+$/.test(token)) throw new InvalidRequestError('token is no token', { code: 'invalid-request' })
    this.#origin = new URL(url).origin
    this.#token = token
  }

  request<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    options: GatewayRequest,
  ): Promise<GatewayReply<T>> {
    return this.#limited(`${method} ${path}`, options, async (signal) => {
      const { query, body } = options
      const response = await fetch(this.#origin + withQuery(path, query), {
        method,
        signal,
        headers: {
          authorization: `macaroon root=${this.#token}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const envelope = await parse<T>(response)
      if (!response.ok || envelope?.type === 'error')
        throw errorForStatus(response.ok ? 500 : response.status, envelope?.error || response.statusText, {
          method,
          path,
        })
      if (!envelope) throw new ServerError(`${method} ${path}: the answer is not the API's`, { method, path })
      const { metadata, total_size: total } = envelope
      return { metadata, ...(total !== undefined && { total }) }
    })
  }

  socket(url: string, limits: Limits): Promise<MessageSocket> {
    return this.#limited('the signalling socket', limits, (signal) => {
      const socket = new WebSocket(url)
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason)
          if (socket.readyState === WebSocket.CONNECTING) socket.close()
        })
        socket.onopen = () => {
          socket.onerror = null
          this.#closing.signal.addEventListener('abort', () => socket.close(), { once: true })
          resolve(socket)
        }
        // A browser does not say why.
        socket.onerror = () =>
          reject(new UnavailableError('the signalling socket could not be opened', { code: 'unavailable' }))
      })
    })
  }

  async close(): Promise<void> {
    this.#closing.abort(new UnavailableError('the client was closed', { code: 'closed' }))
  }

  /** Without `using`, which not every browser knows. */
  async #limited<T>(what: string, { signal, deadline }: Limits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(
            () => late.abort(new TimeoutError(`${what}: not done within ${deadline} ms`, { code: 'timeout' })),
            deadline,
          )
    const all = AbortSignal.any([late.signal, this.#closing.signal, ...(signal ? [signal] : [])])
    try {
      all.throwIfAborted()
      return await work(all)
    } catch (error) {
      if (all.aborted) throw all.reason
      if (error instanceof AnboxError) throw error
      throw new UnavailableError(`${what}: ${(error as Error).message}`, { code: 'unavailable', cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

async function parse<T>(response: Response): Promise<Envelope<T> | undefined> {
  try {
    const value: unknown = JSON.parse(await response.text())
    return typeof value === 'object' && value !== null && 'type' in value ? (value as Envelope<T>) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
