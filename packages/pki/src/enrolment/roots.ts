// What a machine trusts after it has asked: the way from its certificate to a root, and the roots, while they are changed.
import { X509Certificate } from 'node:crypto'
import { splitPem } from '../authority/certificate.ts'
import { identifier } from '../authority/der.ts'
import { expect, partsOf, readDer, tags } from './der.ts'
import { extensionOf } from './names.ts'

const basicConstraints = identifier('2.5.29.19')

/** What leads from a leaf to a root, without the root. While roots are changed the new one is in it, as the old certified it. */
export function chainOf(leaf: X509Certificate, authority: readonly X509Certificate[]): X509Certificate[] {
  const found: X509Certificate[] = []
  for (let last = leaf; ; ) {
    const next = authority.find(
      (one) => !isRoot(one) && !found.includes(one) && last.checkIssued(one) && last.verify(one.publicKey),
    )
    if (!next) return found
    found.push(next)
    last = next
  }
}

/**
 * PEM of the roots to trust from now on: those that the server names, if they are trusted already or a trusted one has
 * certified their key.
 */
export function rootsOf(authority: readonly X509Certificate[], trusted: string): string {
  const known = splitPem(trusted).map((pem) => new X509Certificate(pem))
  const vouched = (root: X509Certificate) =>
    authority.some(
      (one) =>
        isCross(one) &&
        one.subject === root.subject &&
        one.publicKey.equals(root.publicKey) &&
        known.some((old) => one.checkIssued(old) && one.verify(old.publicKey)),
    )
  const kept = authority.filter(
    (one) => isRoot(one) && (known.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256) || vouched(one)),
  )
  return kept.length > 0 ? kept.join('') : trusted
}

/**
 * Whether a certificate lets a root stand below another one. An intermediate does not: without this, whoever has the key of
 * one, and a server, could make the machines trust that key as a root.
 */
function isCross(one: X509Certificate): boolean {
  // What Node calls key usage is the extended one: every intermediate with a profile has it, no root does.
  return one.ca && one.keyUsage === undefined && pathLengthOf(one) >= 1
}

/** How many CAs may follow (RFC 5280, 4.2.1.9). */
function pathLengthOf(one: X509Certificate): number {
  const found = extensionOf(one, basicConstraints)
  if (!found) return 0
  const value = expect(partsOf(found).at(-1), tags.octetString).content
  const length = partsOf(readDer(value, tags.sequence)).find(({ tag }) => tag === tags.integer)
  return length ? Number.parseInt(length.content.toString('hex'), 16) : Number.POSITIVE_INFINITY
}

function isRoot(one: X509Certificate): boolean {
  return one.ca && one.checkIssued(one) && one.verify(one.publicKey)
}
