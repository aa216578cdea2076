// Every byte to a server goes through a socket that was opened here. Invariant: a TLS socket is handed out only after
// the server's identity was checked.
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { ServerIdentityError, UnavailableError } from '../errors.ts'
import { type ConnectionOptions, normalFingerprint } from './options.ts'

const connectTimeout = 10_000
/** Handshakes at once. Each costs both sides some milliseconds of CPU: of hundreds begun together, all would come too late. */
const mostHandshakes = 16

export type Dial = (signal?: AbortSignal) => Promise<Socket>

/** A function that opens sockets to the server. It throws `UnavailableError` and `ServerIdentityError`. */
export function dialer(options: ConnectionOptions): Dial {
  if (options.socketPath !== undefined) {
    const { socketPath } = options
    return (signal) => settled(connect({ path: socketPath }), 'connect', `unix:${socketPath}`, signal)
  }
  const url = new URL(options.url ?? '')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const pinned = options.fingerprint === undefined ? undefined : normalFingerprint(options.fingerprint)
  const turns = new Turns(mostHandshakes)
  return async (signal) => {
    await turns.take(signal)
    const socket = connectTls({
      host,
      port: Number(url.port || 443),
      servername: isIP(host) ? '' : host,
      cert: options.certificate,
      key: options.key,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      // A pinned certificate is usually self-signed, and Node calls `checkServerIdentity` only for chains that it can
      // build. So OpenSSL may finish the handshake (it still proves that the server holds the certificate's key), and
      // the fingerprint is compared below, before anybody can write to the socket.
      ...(pinned === undefined ? { ca: options.ca, rejectUnauthorized: true } : { rejectUnauthorized: false }),
    })
    await settled(socket, 'secureConnect', url.host, signal).finally(() => turns.give())
    if (pinned !== undefined) {
      const shown = fingerprintOf(socket)
      if (shown !== pinned) {
        socket.destroy()
        throw new ServerIdentityError(
          `${url.host} shows another certificate (${shown ?? 'none'}) than the pinned one (${pinned}); nothing was sent`,
          { code: 'server-identity' },
        )
      }
    }
    return socket
  }
}

/** So many at once, first come first served. */
class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const given = () => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }
    const aborted = () => {
      this.#waiting.splice(this.#waiting.indexOf(given), 1)
      reject(signal?.reason)
    }
    this.#waiting.push(given)
    signal?.addEventListener('abort', aborted, { once: true })
    await promise
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free += 1
  }
}

function fingerprintOf(socket: TLSSocket): string | undefined {
  return socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()
}

function settled<S extends Socket>(socket: S, event: string, server: string, signal?: AbortSignal): Promise<S> {
  // An error must not be without a listener between two owners; and after a TLS alert Node still reports an ordinary
  // end, which would hide the reason.
  socket.on('error', () => socket.destroy())
  socket.setNoDelay(true)
  socket.setKeepAlive(true, 30_000)
  return new Promise((resolve, reject) => {
    const end = (error?: unknown) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      socket.off(event, end).off('error', failed).off('close', closed)
      if (error === undefined) return resolve(socket)
      socket.destroy()
      reject(error)
    }
    const failed = (error: NodeJS.ErrnoException) => end(connectError(error, server))
    const closed = () => end(new UnavailableError(`${server} closed the connection`, { code: 'unavailable' }))
    const aborted = () => end(signal?.reason)
    const timer = setTimeout(
      () => end(new UnavailableError(`${server} did not answer within ${connectTimeout} ms`, { code: 'unavailable' })),
      connectTimeout,
    )
    if (signal?.aborted) return aborted()
    signal?.addEventListener('abort', aborted, { once: true })
    socket
      .once(event, () => end())
      .once('error', failed)
      .once('close', closed)
  })
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such socket; is the server running, and is this its path?',
  ECONNREFUSED: 'nothing listens there; is the server running?',
  EACCES: 'this user may not open the socket; run as root or as a member of its group',
  ENOTFOUND: 'the host name is unknown',
}
// What OpenSSL and Node say when the server's certificate is not acceptable.
const identity =
  /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_SSL_CERTIFICATE|HOSTNAME_MISMATCH|INVALID_PURPOSE|INVALID_CA)/

function connectError(error: NodeJS.ErrnoException, server: string): UnavailableError {
  if (identity.test(error.code ?? '')) {
    const message = `the certificate of ${server} is not trusted: ${error.message}; nothing was sent`
    return new ServerIdentityError(message, { code: 'server-identity', cause: error })
  }
  const reason = reasons[error.code ?? ''] ?? error.message
  return new UnavailableError(`cannot connect to ${server}: ${reason}`, { code: 'unavailable', cause: error })
}
