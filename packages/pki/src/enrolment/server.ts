// The EST server (RFC 7030, RFC 8951): TLS 1.3 only. A client certificate is asked for and not required; each path
// decides: `simpleenroll` needs a token, `simplereenroll` a certificate.
import { constants, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { Authority } from '../authority/authority.ts'
import { splitPem } from '../authority/certificate.ts'
import type { Certified } from '../authority/credential.ts'
import { isPurpose } from '../authority/profile.ts'
import { type Csr, readCsr } from './csr.ts'
import { DerError } from './der.ts'
import { answerPkcs7, answerRefusal, answerText, readRequestBody, tokenOf } from './exchange.ts'
import { BusyError } from './gate.ts'
import { MachineStore } from './machines.ts'
import { writeCertificates } from './pkcs7.ts'
import { Refusal } from './refusal.ts'
import { type EnrolmentEvent, goodTimeOf, Registrar, type Rules, usualRules } from './registrar.ts'
import { TokenStore } from './token.ts'

export type EnrolmentServerOptions = {
  authority: Authority
  /** Those in the authority's directory unless said. */
  tokens?: TokenStore
  /** 127.0.0.1 unless said. */
  address?: string
  /** 0, a free one, unless said. */
  port?: number
  /** PEM of the server's own: leaf and intermediate. */
  certificate: string
  /** PEM. */
  key: string
  rules?: Partial<Rules>
  /** Told what happened, after it was written to the audit log. */
  onEvent?: (event: EnrolmentEvent) => void
  /** Told of what should not happen: a full disk, a damaged file. */
  onError?: (error: unknown) => void
}

const seconds = 1_000
const limits = {
  requestTimeout: 15 * seconds,
  headersTimeout: 10 * seconds,
  keepAliveTimeout: 5 * seconds,
  connectionsCheckingInterval: seconds,
  handshakeTimeout: 10 * seconds,
  maxHeaderSize: 16_384,
}
const mostConnections = 256
/** Milliseconds between two looks at what a rotation may have changed. */
const refreshMs = 2_000
const estPath = /^\/\.well-known\/est\/(?:([a-z0-9-]{1,32})\/)?(cacerts|csrattrs|simpleenroll|simplereenroll)$/
const crlPath = /^\/crl\/([a-z]{1,32})\.pem$/

/** Where the tokens and the machines of an authority are kept. */
export function storesOf(authority: Authority): { tokens: TokenStore; machines: MachineStore } {
  const directory = join(authority.directory, 'enrolment')
  return {
    tokens: new TokenStore(join(directory, 'tokens'), authority.audit),
    machines: new MachineStore(join(directory, 'machines')),
  }
}

/** Starts to listen. Certificate and key may be replaced while it runs. */
export async function startEnrolmentServer(options: EnrolmentServerOptions): Promise<EnrolmentServer> {
  const server = new EnrolmentServer(options)
  await server.listen(options.address ?? '127.0.0.1', options.port ?? 0)
  return server
}

export class EnrolmentServer {
  readonly #authority: Authority
  readonly #registrar: Registrar
  readonly #server: Server
  readonly #onError: (error: unknown) => void
  #own: { certificate: string; key: string }
  readonly #timer: NodeJS.Timeout

  constructor(options: EnrolmentServerOptions) {
    const { authority, certificate, key } = options
    this.#authority = authority
    this.#onError = options.onError ?? (() => {})
    this.#own = { certificate, key }
    const stores = storesOf(authority)
    this.#registrar = new Registrar({
      authority,
      tokens: options.tokens ?? stores.tokens,
      machines: stores.machines,
      rules: { ...usualRules, ...options.rules },
      record: async (event) => {
        await authority.audit.append(entryOf(event))
        options.onEvent?.(event)
      },
    })
    this.#server = createServer({ ...limits, ...this.#credentials() }, (request, response) => {
      this.#serve(request, response).catch((error) => this.#fail(response, error))
    })
    this.#server.maxConnections = mostConnections
    // Handshakes that fail are the other side's affair.
    this.#server.on('tlsClientError', () => {})
    this.#timer = setInterval(() => this.#refresh().catch(this.#onError), refreshMs).unref()
  }

  async listen(address: string, port: number): Promise<void> {
    this.#server.listen(port, address)
    await once(this.#server, 'listening')
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Another certificate for connections from now on. */
  renew(certificate: string, key: string): void {
    this.#own = { certificate, key }
    this.#server.setSecureContext(this.#credentials())
  }

  /** May be called again. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A rotation changes the chains and the roots under us. */
  async #refresh(): Promise<void> {
    if (await this.#authority.refresh()) this.#server.setSecureContext(this.#credentials())
  }

  #credentials() {
    const { certificate, key } = this.#own
    return {
      cert: withChain(certificate, this.#authority),
      key,
      // OpenSSL completes the chain of a client that sends its leaf only. Whose leaf it may be is looked at on the path.
      ca: [this.#authority.anchors, this.#authority.chain('agents')],
      minVersion: 'TLSv1.3' as const,
      requestCert: true,
      rejectUnauthorized: false,
      // A resumed session would carry the verdict of an earlier time.
      secureOptions: constants.SSL_OP_NO_TICKET,
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/s, '')
    const [, crl] = crlPath.exec(path) ?? []
    if (crl !== undefined && isPurpose(crl)) {
      allow(request, 'GET')
      return answerText(response, 200, await this.#authority.crl(crl))
    }
    const [, label = 'agents', operation] = estPath.exec(path) ?? []
    if (operation === undefined || !isPurpose(label)) throw new Refusal(404, 'nothing is here')
    if (operation === 'cacerts') {
      allow(request, 'GET')
      const { anchors, crossed } = this.#authority
      const issuers = await this.#authority.issuers(label)
      const all = distinct(this.#authority.chain(label) + issuers + crossed + anchors)
      return answerPkcs7(response, writeCertificates(all))
    }
    if (operation === 'csrattrs') {
      allow(request, 'GET')
      response.writeHead(204).end()
      return
    }
    allow(request, 'POST')
    if (label !== 'agents') throw new Refusal(403, `nobody enrols for ${label} by himself`)
    const certificate = await (operation === 'simpleenroll' ? this.#enrol(request) : this.#renew(request))
    answerPkcs7(response, writeCertificates(certificate))
  }

  async #enrol(request: IncomingMessage): Promise<string> {
    const token = await this.#registrar.admit(tokenOf(request))
    const csr = await requestIn(request)
    return leafOf(await this.#registrar.enrol(token, csr))
  }

  async #renew(request: IncomingMessage): Promise<string> {
    const presented = await this.#presented(request.socket as TLSSocket)
    const csr = await requestIn(request)
    return leafOf(await this.#registrar.renew(presented, csr))
  }

  /** The other side's certificate, if it is one of the machines'. It may have ended; the registrar knows for how long. */
  async #presented(socket: TLSSocket): Promise<X509Certificate> {
    const certificate = socket.getPeerX509Certificate()
    if (!certificate) throw new Refusal(403, 'a certificate is needed to renew it')
    const issuers = splitPem(await this.#authority.issuers('agents', goodTimeOf(certificate))).map(
      (pem) => new X509Certificate(pem),
    )
    // Beside OpenSSL's verdict on the chain, which a certificate for another purpose passes too, and which for an ended
    // certificate names the end alone.
    const ours = issuers.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))
    const { authorized, authorizationError } = socket
    const ended = String(authorizationError) === 'CERT_HAS_EXPIRED' && certificate.validToDate <= new Date()
    if (!ours || !(authorized || ended)) throw new Refusal(403, 'this certificate is not that of a machine of ours')
    return certificate
  }

  #fail(response: ServerResponse, error: unknown): void {
    const refusal = refusalOf(error)
    if (refusal.status === 500) this.#onError(error)
    if (response.headersSent) response.destroy()
    else answerRefusal(response, refusal)
  }
}

/** The chain as it is now, and with it who knows only the root before finds the way to the new one. */
function withChain(certificate: string, authority: Authority): string {
  const [leaf = ''] = splitPem(certificate)
  const issuer = new X509Certificate(authority.intermediate('control').certificate)
  if (!new X509Certificate(leaf).verify(issuer.publicKey)) return certificate
  return leaf + distinct(authority.chain('control') + authority.crossed)
}

function distinct(pem: string): string {
  return [...new Set(splitPem(pem))].join('')
}

function allow(request: IncomingMessage, method: string): void {
  if (request.method !== method) throw new Refusal(405, `${method} only`)
}

async function requestIn(request: IncomingMessage): Promise<Csr> {
  return readCsr(await readRequestBody(request))
}

/** The answer to a request holds the new certificate alone (RFC 7030, 4.2.3); `cacerts` has the rest of the chain. */
function leafOf({ certificate }: Certified): string {
  return splitPem(certificate)[0] ?? ''
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof DerError) return new Refusal(400, `not a certificate request: ${error.message}`)
  if (error instanceof BusyError) return new Refusal(503, error.message, 2)
  // What went wrong inside is no affair of whoever asked.
  return new Refusal(500, 'this could not be done; the log of the server says why')
}

function entryOf({ action, machine, ...rest }: EnrolmentEvent) {
  return { action: `enrolment.${action}`, subject: machine, ...rest }
}
