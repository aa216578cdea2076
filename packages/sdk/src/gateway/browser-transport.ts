import { Deadline, type Limits } from '../connection/deadline.ts'
import { withQuery } from '../connection/path.ts'
import { redacted } from '../connection/redact.ts'
import { AnboxError, errorForStatus, InvalidRequestError, ServerError, UnavailableError } from '../errors.ts'
import type { GatewayReply, GatewayRequest, MessageSocket, Transport } from './transport.ts'

type Envelope<T> = { type?: string; status_code?: number; error?: string; metadata: T; total_size?: number }

/** Over fetch and WebSocket. */
export class BrowserTransport implements Transport {
  readonly #origin: string
  readonly #token: string
  readonly #closing = new AbortController()

  constructor(url: string, token: string) {
    const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' }
    // A token may not travel in the clear, but to this machine itself.
    if (protocol !== 'https:' && !(protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname)))
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
    return limited(`${method} ${path}`, options, this.#closing.signal, async (signal) => {
      const { query, body } = options
      const response = await fetch(this.#origin + withQuery(path, query), {
        method,
        signal,
        // What is elsewhere must not get the token.
        redirect: 'error',
        credentials: 'omit',
        headers: {
          authorization: `macaroon root=${this.#token}`,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const envelope = await parse<T>(response)
      if (!response.ok || envelope?.type === 'error') throw this.#refusal(response, envelope, { method, path })
      if (!envelope) throw new ServerError(`${method} ${path}: the answer is not the API's`, { method, path })
      const { metadata, total_size: total } = envelope
      return { metadata, status: response.status, ...(total !== undefined && { total }) }
    })
  }

  socket(url: string, limits: Limits): Promise<MessageSocket> {
    return openSocket(url, limits, this.#closing.signal)
  }

  async close(): Promise<void> {
    this.#closing.abort(new UnavailableError('the client was closed', { code: 'closed' }))
  }

  #refusal(response: Response, envelope: Envelope<unknown> | undefined, asked: { method: string; path: string }) {
    const stated = envelope?.status_code ?? 0
    const status = response.ok ? (stated >= 400 ? stated : 500) : response.status
    return redacted(errorForStatus(status, envelope?.error || response.statusText, asked), [this.#token])
  }
}

/** Opens a WebSocket; `closing` ends it also when it is open. */
export function openSocket(url: string, limits: Limits, closing?: AbortSignal): Promise<MessageSocket> {
  return limited('the signalling socket', limits, closing, (signal) => {
    const socket = openWebSocket(url)
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason)
        if (socket.readyState === WebSocket.CONNECTING) socket.close()
      })
      socket.onopen = () => {
        socket.onerror = null
        closing?.addEventListener('abort', () => socket.close(), { once: true })
        resolve(socket)
      }
      // A browser does not say why.
      socket.onerror = () =>
        reject(new UnavailableError('the signalling socket could not be opened', { code: 'unavailable' }))
    })
  })
}

/** Without `using`, which not every browser knows. */
async function limited<T>(
  what: string,
  limits: Limits,
  closing: AbortSignal | undefined,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const limit = new Deadline(limits, what)
  const signals = [closing, limit.signal].filter((one) => one !== undefined)
  const signal = signals.length > 1 ? AbortSignal.any(signals) : signals[0]
  try {
    signal?.throwIfAborted()
    return await work(signal)
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof AnboxError) throw error
    throw new UnavailableError(`${what}: ${(error as Error).message}`, { code: 'unavailable', cause: error })
  } finally {
    limit[Symbol.dispose]()
  }
}

function openWebSocket(url: string): WebSocket {
  try {
    return new WebSocket(url.replace(/^http/, 'ws'))
  } catch {
    // What browsers say of it quotes the URL, and with it a token.
    throw new ServerError('the gateway gave a URL that is no socket')
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
