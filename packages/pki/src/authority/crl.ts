// Certificate revocation lists: built by @peculiar/x509, kept in DIRECTORY/PURPOSE/crl.pem with their number in crl-number.
//
// Invariant: a number is on the disk before a list bears it, so none is used twice. It is at least the time in seconds:
// an authority restored from an old backup does not fall behind the lists that are about.
import { join } from 'node:path'
import type { Ca } from './ca.ts'
import { builder, keyIdentifier, wholeSeconds } from './certificate.ts'
import { integer } from './der.ts'
import { signingKey } from './key.ts'
import { backdated } from './request.ts'
import { type Revocation, reasons } from './revocation.ts'
import { readIfThere, replaceFile } from './storage.ts'

/** Days until a list is out of date. */
export const crlDays = 7
const dayMs = 86_400_000

export type Crl = { pem: string; number: number; nextUpdate: Date }

/** Signs the next list of a CA and puts it in place of the last one. To be called under the directory's lock. */
export async function nextCrl(directory: string, ca: Required<Ca>, revoked: readonly Revocation[]): Promise<Crl> {
  const now = new Date()
  const path = join(directory, 'crl-number')
  const last = Number((await readIfThere(path)) ?? 0)
  const number = Math.max(Number.isSafeInteger(last) ? last + 1 : 0, Math.floor(now.getTime() / 1000))
  await replaceFile(path, `${number}\n`, 'public')

  const x509 = await builder()
  const issuer = new x509.X509Certificate(ca.certificate)
  const signer = signingKey(ca.key)
  const nextUpdate = wholeSeconds(new Date(now.getTime() + crlDays * dayMs))
  const crl = await x509.X509CrlGenerator.create({
    issuer: issuer.subjectName,
    thisUpdate: wholeSeconds(backdated(now)),
    nextUpdate,
    entries: revoked.filter((one) => mustBeListed(one, now)).map((one) => entry(one)),
    extensions: [
      new x509.AuthorityKeyIdentifierExtension(keyIdentifier(x509, issuer)),
      new x509.Extension('2.5.29.20', false, integer(number)),
    ],
    signingKey: signer.key,
    signingAlgorithm: { name: signer.key.algorithm.name, hash: signer.hash },
  })
  const pem = `${crl.toString('pem').trim()}\n`
  await replaceFile(join(directory, 'crl.pem'), pem, 'public')
  return { pem, number, nextUpdate }
}

/** Until one list after its end, as RFC 5280, 3.3 wants it. */
function mustBeListed({ notAfter }: Revocation, now: Date): boolean {
  return notAfter.getTime() + crlDays * dayMs > now.getTime()
}

function entry({ serial, revokedAt, reason }: Revocation) {
  // A reason that says nothing is left out, as RFC 5280, 5.3.1 asks.
  const said = reason === 'unspecified' ? {} : { reason: reasons[reason] }
  return { serialNumber: serial, revocationDate: wholeSeconds(revokedAt), ...said }
}
