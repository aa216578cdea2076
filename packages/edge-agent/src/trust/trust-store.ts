// Which client certificates are trusted: those signed by the configured CAs, and those added through the API.
//
// OpenSSL decides. Every trusted certificate is an anchor of the TLS context, so the handshake itself checks signature,
// validity, key usage and possession of the key; the code here only reads the verdict.
import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext, type TLSSocket } from 'node:tls'
import { badRequest, conflict, notFound } from '../errors.ts'
import type { CertificateRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { TlsFiles, TrustFiles } from './files.ts'

/** `less`: somebody who was trusted may not be any more. */
export type TrustChange = 'more' | 'less'
export type Verdict = { trusted: true; fingerprint: string } | { trusted: false; reason: string }

export class TrustStore {
  readonly #store: Store
  readonly #files: TrustFiles
  readonly #listeners = new Set<(change: TrustChange) => void>()
  readonly #byRecord = new WeakSet<TLSSocket>()
  #tls: TlsFiles

  constructor(store: Store, files: TrustFiles) {
    this.#store = store
    this.#files = files
    this.#tls = files.read()
  }

  /** What the TLS context is made of; anchors are the configured CAs and what was added through the API. */
  tls(): TlsFiles {
    return { ...this.#tls, anchors: [...this.#tls.anchors, ...this.#store.certificates.list().map(({ pem }) => pem)] }
  }

  /** Reads the files again. @throws when they cannot be used; then what was read before stays in use. */
  reload(): void {
    const [before, after] = [this.#tls, this.#files.read()]
    // OpenSSL says now, and not in the middle of a change, whether certificate and key fit.
    createSecureContext({ cert: after.certificate, key: after.key, ca: after.anchors })
    this.#tls = after
    const same = (name: 'anchors' | 'revocationLists') => before[name].join() === after[name].join()
    this.#tell(same('anchors') && same('revocationLists') ? 'more' : 'less')
  }

  list(): CertificateRecord[] {
    return this.#store.certificates.list()
  }

  has(fingerprint: string): boolean {
    return this.#store.certificates.get(fingerprint) !== undefined
  }

  /** Of a certificate as it is sent. @throws ApiError 400. */
  fingerprint(certificate: string): string {
    return fingerprintOf(parse(certificate).raw)
  }

  get(fingerprint: string): CertificateRecord {
    const found = this.#store.certificates.get(fingerprint.toLowerCase())
    if (!found) throw notFound('certificate', fingerprint)
    return found
  }

  /** @param der base64 of the DER, or PEM. @throws ApiError 400 and 409. */
  add(der: string): CertificateRecord {
    const certificate = parse(der)
    const id = fingerprintOf(certificate.raw)
    if (this.#store.certificates.get(id)) throw conflict(`certificate ${id} is trusted already`)
    const record = this.#store.certificates.put({ id, pem: certificate.toString() })
    this.#tell('more')
    return record
  }

  /** To be told of each connection: one that came in by a certificate of the store goes out with it. */
  noteConnection(socket: TLSSocket): void {
    const certificate = socket.getPeerX509Certificate()
    if (certificate && this.has(fingerprintOf(certificate.raw))) this.#byRecord.add(socket)
  }

  /** The connection was trusted for a certificate of the store that is not there any more. */
  isLeftOver(socket: TLSSocket, fingerprint: string): boolean {
    return this.#byRecord.has(socket) && !this.has(fingerprint)
  }

  remove(fingerprint: string): void {
    const { id } = this.get(fingerprint)
    this.#store.certificates.delete(id)
    this.#tell('less')
  }

  /** Called after each change. */
  onChange(listener: (change: TrustChange) => void): void {
    this.#listeners.add(listener)
  }

  #tell(change: TrustChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

/** What the handshake found about the client at the other end. */
export function verdictOf(socket: TLSSocket): Verdict {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return { trusted: false, reason: 'no client certificate was sent' }
  if (!socket.authorized)
    return { trusted: false, reason: `the client certificate is not trusted (${socket.authorizationError})` }
  return { trusted: true, fingerprint: fingerprintOf(certificate.raw) }
}

/** Base64 of the DER without PEM lines, as AMS writes certificates. */
export const derOf = ({ pem }: CertificateRecord) => new X509Certificate(pem).raw.toString('base64')

const fingerprintOf = (der: Uint8Array) => createHash('sha256').update(der).digest('hex')

function parse(text: string): X509Certificate {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
  } catch {
    throw badRequest('certificate: neither base64 of a DER certificate nor PEM')
  }
}
