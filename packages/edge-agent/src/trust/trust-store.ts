// Which client certificates are trusted: those signed by the configured CAs, and those added through the API.
//
// OpenSSL decides. Every trusted certificate is an anchor of the TLS context, so the handshake itself checks signature,
// validity, key usage and possession of the key; the code here only reads the verdict.
import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { badRequest, conflict, notFound } from '../errors.ts'
import type { CertificateRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export type Verdict = { trusted: true; fingerprint: string } | { trusted: false; reason: string }

export class TrustStore {
  readonly #store: Store
  readonly #configured: string[]
  readonly #listeners = new Set<(removed?: string) => void>()

  /** @param files PEM files of the configuration. */
  constructor(store: Store, files: readonly string[]) {
    this.#store = store
    this.#configured = files.map((file) => readFileSync(file, 'utf8'))
  }

  /** Anchors for the TLS context, PEM. */
  anchors(): string[] {
    return [...this.#configured, ...this.#store.certificates.list().map(({ pem }) => pem)]
  }

  list(): CertificateRecord[] {
    return this.#store.certificates.list()
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
    for (const listener of this.#listeners) listener()
    return record
  }

  remove(fingerprint: string): void {
    const { id } = this.get(fingerprint)
    this.#store.certificates.delete(id)
    for (const listener of this.#listeners) listener(id)
  }

  /** Called after each change, with the fingerprint of what was removed. */
  onChange(listener: (removed?: string) => void): void {
    this.#listeners.add(listener)
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

/** Fingerprints of the certificates by which a connection is trusted: the client's own and its issuers. */
export function chainOf(socket: TLSSocket): string[] {
  const found: string[] = []
  let current: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (current?.raw) {
    const fingerprint = fingerprintOf(current.raw)
    if (found.includes(fingerprint)) break
    found.push(fingerprint)
    current = current.issuerCertificate
  }
  return found
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
