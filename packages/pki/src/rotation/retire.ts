// A CA in place of another: the old one is kept in DIRECTORY/retired/NAME-ID, for what it signed (it signs the lists of what
// was revoked of that) and for the record.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { fingerprintOf } from '../authority/certificate.ts'
import { keyFromPem } from '../authority/key.ts'
import { privateDirectory, readIfThere, replaceFile, writeNew } from '../authority/storage.ts'

/**
 * Keeps the old CA of a directory and puts the new one there. May be repeated wherever it was cut short. Until it is done
 * trust.json must lead past the directory: key and certificate are two files.
 */
export async function succeed(
  directory: string,
  { old, next, retired, destroyKey = false }: { old: string; next: Pem; retired: string; destroyKey?: boolean },
): Promise<void> {
  const paths = { key: join(directory, 'ca.key'), certificate: join(directory, 'ca.crt') }
  const key = await readIfThere(paths.key)
  // A new certificate for the same key leaves nothing to keep.
  const replaced = key !== undefined && next.key !== undefined && isKeyOf(key, old)
  await retire(retired, { certificate: old, ...(replaced && !destroyKey && { key }) })
  if (next.key !== undefined) await replaceFile(paths.key, next.key, 'secret')
  await replaceFile(paths.certificate, next.certificate, 'public')
}

/** Keeps a CA. `place` is DIRECTORY/retired/NAME. */
export async function retire(place: string, { certificate, key }: Pem): Promise<void> {
  const grave = `${place}-${fingerprintOf(new X509Certificate(certificate)).slice(0, 8)}`
  await privateDirectory(grave)
  await writeNew(join(grave, 'ca.crt'), certificate, 'public')
  if (key !== undefined) await writeNew(join(grave, 'ca.key'), key, 'secret')
  await writeNew(join(grave, 'retired.json'), `${JSON.stringify({ at: new Date().toISOString() })}\n`, 'public')
}

function isKeyOf(key: string, certificate: string): boolean {
  return new X509Certificate(certificate).checkPrivateKey(keyFromPem(key))
}

export type Pem = { certificate: string; key?: string }
