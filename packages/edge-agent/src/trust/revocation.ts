// Whether a client that a CA signed was revoked since. OpenSSL judges, by the lists that this machine has; its verdict on
// a certificate is kept until the lists change.

import { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { verifyChain } from '@anbox/pki'
import type { TrustStore } from './trust-store.ts'

/** Verdicts kept at most. */
const most = 10_000

export class Revocation {
  readonly #trust: TrustStore
  #verdicts = new Map<string, Promise<string | undefined>>()

  constructor(trust: TrustStore) {
    this.#trust = trust
    trust.onChange(() => {
      this.#verdicts = new Map()
    })
  }

  /** Why a client that the handshake trusted is not to be trusted, or undefined. */
  async reason(socket: TLSSocket, fingerprint: string): Promise<string | undefined> {
    if (this.#trust.isLeftOver(socket, fingerprint)) return 'it was removed'
    const { revocationLists, anchors } = this.#trust.tls()
    // One that was added by itself has no issuer that could revoke it: it is removed instead.
    if (revocationLists.length === 0 || this.#trust.has(fingerprint)) return undefined
    const known = this.#verdicts.get(fingerprint)
    if (known) return known
    const certificate = chainOf(socket, revocationLists)
    const asked = verifyChain({ certificate, root: anchors.join(''), purpose: 'client', crls: revocationLists }).then(
      (verdict) => (verdict.ok ? undefined : verdict.reason),
    )
    if (this.#verdicts.size < most) this.#verdicts.set(fingerprint, asked)
    asked.catch(() => this.#verdicts.delete(fingerprint))
    return asked
  }
}

/**
 * PEM of the client's certificate and of the CAs above it that stand beside the lists. On a server Node does not tell the
 * intermediates that a client sent; who signs a list is who signed the client.
 */
function chainOf(socket: TLSSocket, revocationLists: readonly string[]): string {
  const leaf = socket.getPeerX509Certificate()
  if (!leaf) return ''
  const known = revocationLists.flatMap((text) => text.match(certificates) ?? []).map((pem) => new X509Certificate(pem))
  const chain = [leaf]
  // It grows while it is gone through.
  for (const one of chain) chain.push(...known.filter((ca) => !chain.includes(ca) && one.checkIssued(ca)))
  return chain.join('')
}

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
