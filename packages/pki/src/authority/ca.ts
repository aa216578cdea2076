// One CA on the disk: DIRECTORY/ca.key and DIRECTORY/ca.crt.
//
// Invariants: the key comes before the certificate; neither is ever replaced or made twice; a key without its
// certificate is completed; several processes that make the same CA at once end up with the same one.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { AuthorityDamagedError } from '../errors.ts'
import { type KeyType, keyFromPem, keyToPem, makeKey } from './key.ts'
import { privateDirectory, readIfThere, sweepTemporary, syncDirectory, writeNew } from './storage.ts'

export type Ca = {
  certificate: string
  /** Absent where it is kept elsewhere: the root's key is needed for new intermediates only. */
  key?: KeyObject
  /** PEM: what follows a leaf, where that is more than the certificate. */
  chain?: string
}

/** `sign` gives the certificate for the key. */
export type MakeCa = { key: KeyType; sign: (key: KeyObject) => Promise<string>; onKey?: () => void }

/** Makes what is missing of a CA. */
export async function completeCa(directory: string, make: MakeCa): Promise<Ca> {
  await privateDirectory(directory)
  await sweepTemporary(directory)
  await syncDirectory(directory)
  const { key: keyPath, certificate: certificatePath } = pathsOf(directory)
  if ((await readIfThere(certificatePath)) === undefined) {
    let pem = await readIfThere(keyPath)
    if (pem === undefined) {
      make.onKey?.()
      await writeNew(keyPath, keyToPem(await makeKey(make.key)), 'secret')
      pem = await readIfThere(keyPath)
    }
    const key = readKey(pem ?? '', keyPath)
    await writeNew(certificatePath, await make.sign(key), 'public')
  }
  const ca = await loadCa(directory)
  if (!ca) throw new AuthorityDamagedError(`${certificatePath} went away while it was read`)
  return ca
}

/**
 * Reads a CA, or nothing if it is not complete.
 * @throws {AuthorityDamagedError} when a file cannot be read as what it is, or the two do not belong together
 */
export async function loadCa(directory: string): Promise<Ca | undefined> {
  const paths = pathsOf(directory)
  // In this order: where the certificate stands, its key stood before.
  const certificate = await readIfThere(paths.certificate)
  if (certificate === undefined) return undefined
  const pem = await readIfThere(paths.key)
  let parsed: X509Certificate
  try {
    parsed = new X509Certificate(certificate)
  } catch (cause) {
    throw new AuthorityDamagedError(`${paths.certificate} is not a certificate; restore it from a backup`, { cause })
  }
  if (pem === undefined) return { certificate }
  const key = readKey(pem, paths.key)
  if (!parsed.checkPrivateKey(key)) {
    throw new AuthorityDamagedError(
      `${paths.key} is not the key of ${paths.certificate}; restore one of them from a backup`,
    )
  }
  return { certificate, key }
}

function readKey(pem: string, path: string): KeyObject {
  try {
    return keyFromPem(pem)
  } catch {
    throw new AuthorityDamagedError(`${path} is not a private key; restore it from a backup`)
  }
}

function pathsOf(directory: string) {
  return { key: join(directory, 'ca.key'), certificate: join(directory, 'ca.crt') }
}
