import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { openAuthority } from '../../authority/authority.ts'
import { checkPurpose } from '../../authority/profile.ts'
import { checkReason } from '../../authority/revocation.ts'
import { readIfThere, replaceFile } from '../../authority/storage.ts'
import { InvalidRequestError } from '../../errors.ts'
import type { Report } from '../report.ts'

export async function revoke(which: string, { dir, reason }: { dir: string; reason: string }): Promise<Report> {
  const authority = await openAuthority(dir)
  const revocation = await authority.revoke(await resolve(which), checkReason(reason))
  const { purpose, name, serial, fingerprint, revokedAt } = revocation
  const list = join(dir, purpose, 'crl.pem')
  return {
    text: [
      `Revoked the ${purpose} certificate "${name}" on ${revokedAt.toISOString()} (${revocation.reason})`,
      `Serial:  ${serial}`,
      `SHA-256: ${fingerprint}`,
      `List:    ${list}`,
    ],
    json: { ...revocation, list },
  }
}

export async function crl(purpose: string | undefined, { dir, file }: { dir: string; file?: string }): Promise<Report> {
  const authority = await openAuthority(dir)
  const wanted = purpose === undefined ? authority.purposes : [checkPurpose(purpose)]
  const lists = []
  for (const one of wanted) {
    const { pem, number, nextUpdate, revoked } = await authority.crlDetails(one, { renew: true })
    lists.push({ purpose: one, file: join(dir, one, 'crl.pem'), number, nextUpdate, revoked, pem })
  }
  if (file !== undefined) await replaceFile(file, lists.map(({ pem }) => pem).join(''), 'public')
  return {
    text: [
      ...lists.map(
        (one) => `${one.file}: ${one.revoked} revoked, number ${one.number}, until ${one.nextUpdate.toISOString()}`,
      ),
      ...(file === undefined ? [] : [`Wrote ${file}`]),
    ],
    json: { lists: lists.map(({ pem, ...rest }) => rest), ...(file !== undefined && { file }) },
  }
}

/** What is no hexadecimal is the name of a file. */
async function resolve(which: string): Promise<string> {
  if (/^[0-9a-f:]+$/i.test(which)) return which
  const text = await readIfThere(which)
  if (text === undefined) throw new InvalidRequestError(`"${which}" is neither a serial, a SHA-256 nor a file`)
  try {
    return new X509Certificate(text).fingerprint256
  } catch {
    throw new InvalidRequestError(`${which} holds no certificate in PEM`)
  }
}
