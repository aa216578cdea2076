import { InvalidRequestError } from '../errors.ts'
import type { Bearer } from './bearer.ts'

// `never` keeps out what the other kinds take, also where a variable and not a literal is passed: a token given to a
// client that authenticates by certificate does not compile.
type NoToken = { token?: never; oidc?: never; macaroon?: never; bearer?: never }

/** A server on this machine; it knows its caller by the owner of the process. */
export type UnixSocket = NoToken & {
  /** Path of the socket, such as `/var/lib/lxd/unix.socket`. */
  socketPath: string
  url?: never
  certificate?: never
  key?: never
  ca?: never
  fingerprint?: never
}

/** A server reached with mutual TLS. It is trusted by its CA or by its own certificate, never by nothing. */
export type ClientCertificate = NoToken & {
  /** `https://host:port`. */
  url: string
  /** The client's certificate, PEM; intermediates may follow it. */
  certificate: string
  /** Its private key, PEM. */
  key: string
  socketPath?: never
} & (
    | {
        /** PEM of the CA that signed the server's certificate. Host name and dates are checked too. */
        ca: string
        fingerprint?: never
      }
    | {
        /** SHA-256 of the server's own certificate (DER), in hex; colons are allowed. It replaces every other check. */
        fingerprint: string
        ca?: never
      }
  )

export type Common = {
  userAgent?: string
  /** How often a GET that got no answer, or 503, is repeated; 2 unless said, 0 turns it off. */
  retries?: number
  /** Milliseconds until an answer's headers have to be there; 30,000 unless said. */
  timeout?: number
}

export type ConnectionOptions = (UnixSocket | ClientCertificate) & Common
/** With the token apart, which a connection is given by itself: those that take none cannot get one by accident. */
export type TokenConnectionOptions = Omit<Bearer, 'bearer'> & Common

const hex = /^[0-9a-f]{64}$/

/** The fingerprint as 64 lower-case hex digits. */
export function normalFingerprint(text: string): string {
  const plain = text.replaceAll(':', '').toLowerCase()
  if (!hex.test(plain)) {
    throw new InvalidRequestError('a fingerprint is the SHA-256 of a certificate: 64 hexadecimal digits', {
      code: 'invalid-request',
    })
  }
  return plain
}

/** The same promises for callers without types. */
export function checkOptions(options: ConnectionOptions | TokenConnectionOptions, hasToken = false): void {
  const wrong = (what: string) => new InvalidRequestError(what, { code: 'invalid-request' })
  const given = options as Record<string, unknown>
  for (const name of ['token', 'oidc', 'macaroon', 'bearer']) {
    if (given[name] !== undefined)
      throw wrong(`this server takes no ${name}: use a unix socket or a client certificate`)
  }
  if (options.socketPath !== undefined) {
    if (hasToken) throw wrong('a unix socket takes no token: it knows its caller')
    if (given.url !== undefined) throw wrong('give either socketPath or url')
    return
  }
  if (!URL.canParse(options.url) || new URL(options.url).protocol !== 'https:') {
    throw wrong('url has to be https://host:port')
  }
  if (hasToken && (given.certificate !== undefined || given.key !== undefined)) {
    throw wrong('give either a client certificate or a token')
  }
  if (!hasToken && (!options.certificate || !options.key)) throw wrong('a client certificate and its key are needed')
  const system = hasToken && options.ca === undefined && options.fingerprint === undefined
  if (!system && (options.ca === undefined) === (options.fingerprint === undefined)) {
    throw wrong('say how the server is trusted: give either ca or fingerprint')
  }
  if (options.fingerprint !== undefined) normalFingerprint(options.fingerprint)
}
