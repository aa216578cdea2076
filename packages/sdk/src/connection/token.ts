// Tokens that are shown with every request and WebSocket, and asked for anew when the server no longer takes them.
import { InvalidRequestError, UnauthorizedError } from '../errors.ts'
import { FileBytes } from './file.ts'
import type { Source } from './upload.ts'

export type TokenRequest = {
  /** Aborted when nobody waits for the token any more. */
  signal: AbortSignal
  /** The server has refused the last one: a cached one will not do. */
  refresh: boolean
}
/** Where tokens come from. What it returns is kept until the server refuses it; it is never called twice at once. */
export type TokenProvider = (request: TokenRequest) => string | Promise<string>

/** The token of one client. */
export class Token {
  readonly #scheme: string
  readonly #provider: TokenProvider | undefined
  readonly #ended = new AbortController()
  #current: string | undefined
  #pending: { token: Promise<string>; waiting: number; abort: AbortController } | undefined

  /** @param scheme what stands before it in the header, such as `Bearer ` */
  constructor(scheme: string, token: string | TokenProvider) {
    this.#scheme = scheme
    if (typeof token === 'function') this.#provider = token
    else this.#current = checked(token)
  }

  /** The header's value. */
  header(token: string): string {
    return this.#scheme + token
  }

  /** Whether there may be another one than that the server refused. */
  get renewable(): boolean {
    return this.#provider !== undefined
  }

  /** The token, another one than `refused`. All who wait share one call of the provider. */
  async get(signal?: AbortSignal, refused?: string): Promise<string> {
    signal?.throwIfAborted()
    if (this.#current !== undefined && this.#current !== refused) return this.#current
    this.#current = undefined
    this.#pending ??= this.#ask(refused !== undefined)
    const pending = this.#pending
    pending.waiting += 1
    const stop = signal ? AbortSignal.any([signal, this.#ended.signal]) : this.#ended.signal
    const aborted = Promise.withResolvers<never>()
    const abort = () => aborted.reject(stop.reason)
    if (stop.aborted) abort()
    stop.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([pending.token, aborted.promise])
    } finally {
      stop.removeEventListener('abort', abort)
      pending.waiting -= 1
      if (pending.waiting === 0) pending.abort.abort()
    }
  }

  /** Lets the next call ask for another one. */
  forget(refused: string): void {
    if (this.#provider && this.#current === refused) this.#current = undefined
  }

  /** Ends the waiting for it, with `reason`. */
  end(reason: unknown): void {
    this.#ended.abort(reason)
  }

  #ask(refresh: boolean) {
    const abort = new AbortController()
    const asking = { token: this.#provided({ signal: abort.signal, refresh }), waiting: 0, abort }
    const over = () => {
      if (this.#pending === asking) this.#pending = undefined
    }
    // Those who come after everybody has left do not join what is being given up.
    abort.signal.addEventListener('abort', over)
    asking.token.then(over, over)
    return asking
  }

  async #provided(request: TokenRequest): Promise<string> {
    try {
      const token = checked(await this.#provider?.(request))
      if (!request.signal.aborted) this.#current = token
      return token
    } catch (cause) {
      if (cause instanceof InvalidRequestError) throw cause
      throw new UnauthorizedError('no token could be had: its provider failed', { code: 'unauthorized', cause })
    }
  }
}

/** A token as it may stand in a header. What is wrong is not shown: it may be most of a token. */
function checked(token: unknown): string {
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token
  throw new InvalidRequestError('a token is text without blanks, and this is none', { code: 'invalid-request' })
}

type Shown = { signal?: AbortSignal; stream?: Source; headers?: Record<string, string>; anonymous?: boolean }

/** Sends with the token, and once more with another one where the server refuses it. */
export async function authorized<T>(
  token: Token | undefined,
  { signal, stream, headers, anonymous }: Shown,
  send: (headers: Record<string, string> | undefined) => Promise<T>,
): Promise<T> {
  if (!token || anonymous) return send(headers)
  const shown = await token.get(signal)
  try {
    return await send({ ...headers, authorization: token.header(shown) })
  } catch (error) {
    if (!(error instanceof UnauthorizedError && error.status === 401) || !token.renewable) throw error
    if (!repeatable(stream)) {
      token.forget(shown)
      throw once(error)
    }
    return await send({ ...headers, authorization: token.header(await token.get(signal, shown)) })
  }
}

/** Whether it can be sent again: JSON, bytes, and a file, which is opened again. */
function repeatable(stream: Source | undefined): boolean {
  return stream === undefined || stream instanceof Uint8Array || stream instanceof FileBytes
}

function once({ message, status, method, path, server }: UnauthorizedError): UnauthorizedError {
  const words = `${message}; its body was a stream, which cannot be sent again: repeat the call, and another token is used`
  return new UnauthorizedError(words, { code: 'unauthorized', status, method, path, server })
}
