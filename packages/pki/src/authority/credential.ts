// A credential: certificate, chain, root and private key; and its three files NAME.crt, NAME.key and ca.crt.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { InvalidRequestError } from '../errors.ts'
import { fingerprintOf, splitPem } from './certificate.ts'
import { keyFromPem } from './key.ts'
import { checkName } from './request.ts'
import { privateDirectory, readIfThere, replaceFile } from './storage.ts'

export type Certified = {
  /** PEM: the leaf, then the intermediate. */
  certificate: string
  /** PEM of the root. */
  root: string
  /** SHA-256 of the leaf, in lower-case hexadecimal without colons. */
  fingerprint: string
  /** Lower-case hexadecimal. */
  serial: string
  notAfter: Date
}
/** `key` (PKCS#8, PEM) is not enumerable: printing, spreading or serialising a credential leaves it out. */
export type Credential = Certified & { readonly key: string }
export type CredentialPaths = { certificate: string; key: string; root: string }

export function sealCredential(certified: Certified, key: string): Credential {
  return Object.defineProperty({ ...certified, key: '' }, 'key', { value: key, enumerable: false, writable: false })
}

/** @throws {InvalidRequestError} when the name is no file name, or is that of the root's file */
export function credentialPaths(directory: string, name: string): CredentialPaths {
  checkName(name)
  if (name === 'ca') throw new InvalidRequestError('"ca" is the name of the root\'s own file')
  return {
    certificate: join(directory, `${name}.crt`),
    key: join(directory, `${name}.key`),
    root: join(directory, 'ca.crt'),
  }
}

/**
 * Writes NAME.key (0600), NAME.crt (leaf and intermediate) and ca.crt (root) into a directory of mode 0700, each in one
 * step and in place of what was there. The certificate comes last: until it fits the key, `loadCredential` finds nothing.
 * @throws {UnsafeDirectoryError} when others may enter the directory
 * @throws {InvalidRequestError} when name or credential cannot be
 */
export async function saveCredential(
  directory: string,
  name: string,
  credential: Credential,
): Promise<CredentialPaths> {
  const paths = credentialPaths(directory, name)
  if (!fits(credential.certificate, credential.key))
    throw new InvalidRequestError(`the key of "${name}" is not that of its certificate`)
  await privateDirectory(directory)
  await replaceFile(paths.root, credential.root, 'public')
  await replaceFile(paths.key, credential.key, 'secret')
  await replaceFile(paths.certificate, credential.certificate, 'public')
  return paths
}

/** Reads what `saveCredential` wrote, or nothing if it is not there, not whole, or its key and certificate do not fit. */
export async function loadCredential(directory: string, name: string): Promise<Credential | undefined> {
  const paths = credentialPaths(directory, name)
  const [certificate, key, root] = await Promise.all([paths.certificate, paths.key, paths.root].map(readIfThere))
  if (!certificate || !key || !root || !fits(certificate, key)) return undefined
  const leaf = new X509Certificate(certificate)
  const certified = {
    certificate,
    root,
    fingerprint: fingerprintOf(leaf),
    serial: leaf.serialNumber.toLowerCase(),
    notAfter: leaf.validToDate,
  }
  return sealCredential(certified, key)
}

function fits(certificate: string, key: string | undefined): key is string {
  const [leaf] = splitPem(certificate)
  if (!leaf || !key) return false
  try {
    return new X509Certificate(leaf).checkPrivateKey(keyFromPem(key))
  } catch {
    return false
  }
}
