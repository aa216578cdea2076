import { InvalidRequestError } from '../errors.ts'
import type { Authorization, TokenSource } from './token.ts'
import type { RequestTrace } from './trace.ts'

// `never` keeps out what the other kinds take, also where a variable and not a literal is passed: a token given to a
// client that authenticates by certificate does not compile.
type NoToken = { token?: never; oidc?: never; macaroon?: never }

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

/** How a server is known: by its CA or by its own certificate, never by nothing. */
export type ServerTrust =
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

/** A server reached with mutual TLS. */
export type ClientCertificate = NoToken &
  ServerTrust & {
    /** `https://host:port`. */
    url: string
    /** The client's certificate, PEM; intermediates may follow it. */
    certificate: string
    /** Its private key, PEM. */
    key: string
    socketPath?: never
  }

/** A server that is shown a token, over TLS. Without `ca` and `fingerprint` it is known by the CAs that Node trusts. */
export type TokenAccess = (ServerTrust | { ca?: never; fingerprint?: never }) & {
  /** `https://host:port`. */
  url: string
  /** The token, or a function that gets one; called again when the server refuses what it gave, and the call repeated once. */
  token: TokenSource
  socketPath?: never
  certificate?: never
  key?: never
}

export type Common = {
  userAgent?: string
  /** How often a GET that got no answer, or 503, is repeated; 2 unless said, 0 turns it off. */
  retries?: number
  /** Milliseconds until an answer's headers have to be there; 30,000 unless said. */
  timeout?: number
  /** Further headers of each request and WebSocket, such as `traceparent`; called in the caller's asynchronous context. */
  headers?: (request: Readonly<RequestTrace>) => Record<string, string>
}

/** Everything a connection can be made of; clients take a part of it. */
export type ConnectionOptions = Common & {
  socketPath?: string
  url?: string
  certificate?: string
  key?: string
  ca?: string
  fingerprint?: string
  authorization?: Authorization
}

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

/** Which ways of showing who one is a server takes. */
export type Kind = 'socket' | 'certificate' | 'token'
const ways: Record<Kind, string> = {
  socket: 'a unix socket (socketPath)',
  certificate: 'a client certificate (certificate and key)',
  token: 'a token',
}

/** The promises of the types for callers without types. */
export function checkAccess(options: object, ...kinds: [Kind, ...Kind[]]): void {
  const given = options as Record<string, unknown>
  const wrong = (what: string) => new InvalidRequestError(what, { code: 'invalid-request' })
  const accepted = kinds.map((kind) => ways[kind]).join(' or ')
  for (const name of ['oidc', 'macaroon', ...(kinds.includes('token') ? [] : ['token'])])
    if (given[name] !== undefined) throw wrong(`this server takes no ${name}: use ${accepted}`)
  if (given.socketPath !== undefined) {
    if (given.url !== undefined) throw wrong('give either socketPath or url')
    if (!kinds.includes('socket')) throw wrong(`this server has no unix socket for clients: use ${accepted}`)
    return
  }
  const url = given.url
  if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).protocol !== 'https:')
    throw wrong('url has to be https://host:port')
  if (given.ca !== undefined && given.fingerprint !== undefined) throw wrong('give either ca or fingerprint')
  if (given.fingerprint !== undefined) normalFingerprint(String(given.fingerprint))
  if (given.token !== undefined) {
    if (given.certificate !== undefined || given.key !== undefined) throw wrong('give either a token or a certificate')
    return
  }
  if (!kinds.includes('certificate')) throw wrong(`this server wants ${accepted}`)
  if (!given.certificate || !given.key) throw wrong(`this server wants ${accepted}`)
  if (given.ca === undefined && given.fingerprint === undefined)
    throw wrong('say how the server is trusted: give either ca or fingerprint')
}
