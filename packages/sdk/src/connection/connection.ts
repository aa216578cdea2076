import type { Duplex } from 'node:stream'
import { Pool } from 'undici'
import type WebSocket from 'ws'
import { UnavailableError } from '../errors.ts'
import { Deadline, type Limits } from './deadline.ts'
import { type Dial, dialer } from './dial.ts'
import { failure } from './failure.ts'
import { type Common, type ConnectionOptions, checkServer } from './options.ts'
import { type Query, withQuery } from './path.ts'
import { redacted, secretsIn } from './redact.ts'
import { type Reply, readReply } from './reply.ts'
import { retrying } from './retry.ts'
import { openSocket } from './socket.ts'
import { authorized, type Token } from './token.ts'
import { type RequestTrace, requestTracing, socketTracing, traced } from './trace.ts'
import { type Source, Upload } from './upload.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type RequestOptions = Limits & {
  query?: Query
  headers?: Record<string, string>
  /** Milliseconds until the answer's headers; for a `stream`, how long it may stand still (120,000 unless said). */
  timeout?: number
  /** Do not read the answer: it is a file. Failures are read and thrown all the same. */
  raw?: boolean
  /** Show no token: for what is open to everybody, and asked by whoever has none yet. */
  anonymous?: boolean
  /** Called with the size of each piece of `stream` that was taken. */
  onChunk?: (bytes: number) => void
} & ({ body?: unknown; stream?: never } | { stream: Source; body?: never })

export type SocketOptions = Limits & {
  query?: Query
  /** Does not keep the process alive. */
  background?: boolean
  /** Nothing is read until `resume` is called. */
  paused?: boolean
  /** Pings are not answered. */
  quiet?: boolean
}

const version = '0.1.0'
const uploadIdle = 120_000
const bodyIdle = 300_000

/** One server and the credentials for it: requests over kept-alive connections, and WebSockets. */
export class Connection implements AsyncDisposable {
  /** Where it leads, for messages: `unix:PATH` or `host:port`. */
  readonly server: string
  readonly #dial: Dial
  readonly #pool: Pool
  readonly #sockets = new Set<WebSocket>()
  readonly #userAgent: string
  /** How often a GET may be repeated; 0: nothing is tried again, waiting included. */
  readonly retries: number
  readonly #timeout: number
  readonly #headers: Common['headers']
  readonly #token: Token | undefined
  #closed = false

  /** `token` is shown with each request and WebSocket. Throws `InvalidRequestError`. */
  constructor(options: ConnectionOptions, token?: Token) {
    checkServer(options)
    const url = options.url === undefined ? undefined : new URL(options.url)
    this.server = url ? url.host : `unix:${options.socketPath}`
    this.#dial = dialer(options)
    this.#userAgent = options.userAgent ?? `anbox-sdk/${version}`
    this.retries = options.retries ?? 2
    this.#timeout = options.timeout ?? 30_000
    this.#headers = options.headers
    this.#token = token
    this.#pool = new Pool(url?.origin ?? 'http://localhost', {
      connect: (_to, callback) => {
        this.#dial().then(
          (socket) => callback(null, socket),
          (error) => callback(error, null),
        )
      },
      allowH2: false,
      keepAliveTimeout: 30_000,
    })
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Throws what `errors.ts` lists, or the signal's reason. */
  async request<T = unknown>(method: Method, path: string, options: RequestOptions = {}): Promise<Reply<T>> {
    using limit = new Deadline(options, `${method} ${path} at ${this.server}`)
    const { signal } = limit
    const trace = this.#trace(method, path)
    const once = async (attempt: number) => {
      trace['http.request.resend_count'] = attempt
      return authorized(this.#token, { ...options, signal }, (headers) =>
        this.#once<T>(method, path, { ...options, signal, headers }, trace),
      )
    }
    const work = () => retrying(method, options.stream === undefined ? this.retries : 0, signal, once)
    return await traced(requestTracing, trace, work)
  }

  async #once<T>(method: Method, path: string, options: RequestOptions, trace: RequestTrace): Promise<Reply<T>> {
    const { signal, stream, timeout } = options
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closedError(method, path)
    const upload = stream === undefined ? undefined : new Upload(stream, timeout ?? uploadIdle, signal, options.onChunk)
    const headers: Record<string, string> = {
      'user-agent': this.#userAgent,
      accept: '*/*',
      ...this.#headers?.(trace),
      ...options.headers,
    }
    if (options.body !== undefined) headers['content-type'] ??= 'application/json'
    const asked = { method, path }
    try {
      const answer = await this.#pool.request({
        method,
        path: withQuery(path, options.query),
        headers,
        body: upload ? (upload.body as never) : options.body === undefined ? null : JSON.stringify(options.body),
        signal: upload?.signal ?? signal,
        headersTimeout: upload ? 0 : (timeout ?? this.#timeout),
        bodyTimeout: Math.max(bodyIdle, timeout ?? 0),
      })
      trace['http.response.status_code'] = answer.statusCode
      const explain = (error: unknown) => (signal?.aborted ? signal.reason : failure(error, asked, this.server))
      return await readReply<T>(answer, { ...asked, raw: options.raw, explain })
    } catch (error) {
      signal?.throwIfAborted()
      const reason = failure(upload?.signal.aborted ? upload.signal.reason : error, asked, this.server)
      throw redacted(reason, secretsIn(options))
    } finally {
      upload?.end()
    }
  }

  /** Opens a WebSocket. Attach listeners right after the `await`: messages start to flow in the next turn. */
  async socket(path: string, options: SocketOptions = {}): Promise<WebSocket> {
    using limit = new Deadline(options, `GET ${path} at ${this.server}`)
    const { signal } = limit
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closedError('GET', path)
    const trace = this.#trace('GET', path)
    return await traced(socketTracing, trace, () =>
      authorized(this.#token, { signal }, (headers) => this.#open(path, { ...options, signal }, trace, headers)),
    )
  }

  async #open(
    path: string,
    options: SocketOptions,
    trace: RequestTrace,
    authorization: Record<string, string> | undefined,
  ): Promise<WebSocket> {
    const { query, signal, paused, quiet } = options
    const raw = await this.#dial(signal)
    const host = this.server.startsWith('unix:') ? 'localhost' : this.server
    const target = withQuery(path, query)
    const headers = { 'user-agent': this.#userAgent, ...this.#headers?.(trace), ...authorization }
    const opening = openSocket(raw, { host, target, headers, signal, paused, quiet })
    const socket = await opening.catch((error) => {
      throw redacted(error, secretsIn({ headers: authorization, query }))
    })
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    if (this.#closed) socket.terminate()
    if (options.background) raw.unref()
    return socket
  }

  /** Turns a connection into one of another protocol, as a stream of its bytes. */
  async upgrade(path: string, protocol: string, options: Limits & { query?: Query } = {}): Promise<Duplex> {
    using limit = new Deadline(options, `GET ${path} at ${this.server}`)
    const { signal } = limit
    signal?.throwIfAborted()
    if (this.#closed) throw this.#closedError('GET', path)
    const asked = { method: 'GET' as const, path }
    try {
      const request = { ...asked, path: withQuery(path, options.query), protocol, signal }
      return (await this.#pool.upgrade(request)).socket
    } catch (error) {
      signal?.throwIfAborted()
      throw failure(error, asked, this.server)
    }
  }

  /** Ends everything that is open; what is waited for is rejected with code `closed`. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#token?.end(new UnavailableError('the client was closed', { code: 'closed' }))
    for (const socket of this.#sockets) socket.terminate()
    await this.#pool.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #trace(method: string, path: string): RequestTrace {
    return {
      'http.request.method': method,
      'url.path': path,
      'server.address': this.server,
      'http.request.resend_count': 0,
    }
  }

  #closedError(method: string, path: string): UnavailableError {
    return new UnavailableError(`${method} ${path} at ${this.server}: the client was closed`, {
      code: 'closed',
      method,
      path,
    })
  }
}
