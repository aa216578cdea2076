import { InvalidRequestError } from '../errors.ts'
import type { TokenProvider } from './token.ts'
import type { RequestTrace } from './trace.ts'

// `never` keeps out what the other kinds take, also where a variable and not a literal is passed: a token given to a
// client that authenticates by certificate does not compile.
type NoToken = { token?: never; bearer?: never; oidc?: never; macaroon?: never }

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
type TokenServer = (ServerTrust | { ca?: never; fingerprint?: never }) & {
  /** `https://host:port`. */
  url: string
  socketPath?: never
  certificate?: never
  key?: never
}

/** A server that is open to everybody. */
export type PublicServer = TokenServer & { token?: never; bearer?: never }

/** An access token of an OIDC provider. */
export type Bearer = TokenServer & {
  /** The token (JWT), or where to get one. It is never printed. */
  bearer: string | TokenProvider
  token?: never
}

/** The token of an account. */
export type AccountToken = TokenServer & {
  /** The token, or where to get one. It is never printed. */
  token: string | TokenProvider
  bearer?: never
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
export type Kind = 'socket' | 'certificate' | 'bearer' | 'token'
const ways: Record<Kind, string> = {
  socket: 'a unix socket (socketPath)',
  certificate: 'a client certificate (certificate and key)',
  bearer: 'a bearer token (bearer)',
  token: "an account's token (token)",
}
const tokens = ['bearer', 'token', 'oidc', 'macaroon'] as const
const wrong = (what: string) => new InvalidRequestError(what, { code: 'invalid-request' })

/** The promises of the types for callers without types: who asks shows himself in a way that the server takes. */
export function checkAccess(options: object, ...kinds: [Kind, ...Kind[]]): void {
  const given = options as Record<string, unknown>
  const accepted = kinds.map((kind) => ways[kind]).join(' or ')
  const shown = tokens.filter((name) => given[name] !== undefined)
  for (const name of shown)
    if (!kinds.includes(name as Kind)) throw wrong(`this server takes no ${name}: use ${accepted}`)
  if (given.socketPath !== undefined) {
    if (shown.length > 0) throw wrong('a unix socket takes no token: it knows its caller')
    if (!kinds.includes('socket')) throw wrong(`this server has no unix socket for clients: use ${accepted}`)
  } else if (shown.length > 0) {
    if (given.certificate !== undefined || given.key !== undefined)
      throw wrong('give either a client certificate or a token')
  } else if (!kinds.includes('certificate') || !given.certificate || !given.key)
    throw wrong(`this server wants ${accepted}`)
}

/** The same for the server: it is one, and there is one way to know it. */
export function checkServer(options: ConnectionOptions): void {
  const given = options as Record<string, unknown>
  for (const name of tokens)
    if (given[name] !== undefined) throw wrong(`a connection takes no ${name} among its options`)
  const { socketPath, url, certificate, key, ca, fingerprint } = options
  if (socketPath !== undefined) {
    if (url !== undefined) throw wrong('give either socketPath or url')
    return
  }
  if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).protocol !== 'https:')
    throw wrong('url has to be https://host:port')
  if (!certificate !== !key) throw wrong('a client certificate and its key are needed')
  if (fingerprint !== undefined) normalFingerprint(fingerprint)
  const ways = [ca, fingerprint].filter((one) => one !== undefined).length
  if (ways > 1 || (certificate && ways === 0))
    throw wrong('say how the server is trusted: give either ca or fingerprint')
}
