// Certificate revocation lists (RFC 5280, 5), kept in DIRECTORY/PURPOSE/crl.pem with their number in crl-number.
//
// While an intermediate is changed there are several, each signed by one of the intermediates whose leaves are about. All
// name the same serials: some servers (etcd, LXD) read the first list alone, and look at nothing but serials, which are
// unique in an authority.
//
// Invariant: a number is on the disk before a list bears it, so none is used twice. It is at least the time in seconds:
// an authority restored from an old backup does not fall behind the lists that are about.
import { type KeyObject, sign } from 'node:crypto'
import { join } from 'node:path'
import { issuerOf } from './certificate.ts'
import { element, extension, identifier, integer, sequence, time } from './der.ts'
import { signingKey } from './key.ts'
import { backdated } from './request.ts'
import { type Revocation, reasons } from './revocation.ts'
import { readIfThere, replaceFile } from './storage.ts'

/** Days until a list is out of date. */
export const crlDays = 7
const dayMs = 86_400_000
const oids = { authorityKey: '2.5.29.35', number: '2.5.29.20', reason: '2.5.29.21' }

type Signer = { certificate: string; key: KeyObject }
/** `revoked`: of how many it was made, those that have ended since included. */
export type Crl = { pem: string; number: number; nextUpdate: Date; revoked: number }

/** Signs the next list of each CA and puts them in place of the last ones. To be called under the directory's lock. */
export async function nextCrl(
  directory: string,
  signers: readonly Signer[],
  revoked: readonly Revocation[],
): Promise<Crl> {
  const now = new Date()
  const path = join(directory, 'crl-number')
  const last = Number((await readIfThere(path)) ?? 0)
  const number = Math.max(Number.isSafeInteger(last) ? last + 1 : 0, Math.floor(now.getTime() / 1000))
  await replaceFile(path, `${number}\n`, 'public')

  const nextUpdate = new Date(now.getTime() + crlDays * dayMs)
  const content = { now, nextUpdate, number, revoked }
  const lists = await Promise.all(signers.map((ca) => signCrl(ca, content)))
  const pem = lists.join('')
  await replaceFile(join(directory, 'crl.pem'), pem, 'public')
  return { pem, number, nextUpdate, revoked: revoked.length }
}

type Content = { now: Date; nextUpdate: Date; number: number; revoked: readonly Revocation[] }

/** A list, in PEM. */
async function signCrl(ca: Signer, { now, nextUpdate, number, revoked }: Content): Promise<string> {
  const { name, keyIdentifier } = await issuerOf(ca.certificate)
  const algorithm = algorithmOf(ca.key)
  const entries = revoked.filter((one) => mustBeListed(one, now)).map(entry)
  const list = sequence(
    integer(1),
    algorithm,
    name,
    time(backdated(now)),
    time(nextUpdate),
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    element(
      0xa0,
      sequence(
        extension(oids.authorityKey, sequence(element(0x80, Buffer.from(keyIdentifier, 'hex')))),
        extension(oids.number, integer(number)),
      ),
    ),
  )
  const signature = sign(signingKey(ca.key).hash, list, ca.key)
  const crl = sequence(list, algorithm, element(0x03, Buffer.alloc(1), signature))
  const lines = crl.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN X509 CRL-----\n${lines.join('\n')}\n-----END X509 CRL-----\n`
}

/** Until one list after its end, as RFC 5280, 3.3 wants it. */
function mustBeListed({ notAfter }: Revocation, now: Date): boolean {
  return notAfter.getTime() + crlDays * dayMs > now.getTime()
}

function entry({ serial, revokedAt, reason }: Revocation) {
  // A reason that says nothing is left out, as RFC 5280, 5.3.1 asks.
  const said = reason === 'unspecified' ? [] : [extension(oids.reason, element(0x0a, Buffer.from([reasons[reason]])))]
  return sequence(integer(serial), time(revokedAt), ...(said.length > 0 ? [sequence(...said)] : []))
}

/** sha256WithRSAEncryption (with its NULL), ecdsa-with-SHA256 or ecdsa-with-SHA384. */
function algorithmOf(key: KeyObject) {
  if (key.asymmetricKeyType === 'rsa') return sequence(identifier('1.2.840.113549.1.1.11'), element(0x05))
  return sequence(identifier(signingKey(key).hash === 'SHA-256' ? '1.2.840.10045.4.3.2' : '1.2.840.10045.4.3.3'))
}
