// Issues a credential into its files, or finishes that where an earlier attempt was cut short.
//
// Order: root, key, certificate. The key is on the disk before its certificate is asked for, so a certificate is never
// issued to a key that is then lost.
import { createPublicKey, X509Certificate } from 'node:crypto'
import { CredentialExistsError } from '../errors.ts'
import type { Authority } from './authority.ts'
import { splitPem, summarize } from './certificate.ts'
import { type Credential, type CredentialPaths, credentialPaths, loadCredential, sealCredential } from './credential.ts'
import { keyFromPem, keyToPem, keyTypeOf, makeKey } from './key.ts'
import { type CertificateRequest, type KeyRequest, type Names, sameNames } from './request.ts'
import { privateDirectory, readIfThere, replaceFile, sweepTemporary, writeNew } from './storage.ts'
import { formerRoots } from './trust.ts'

export type Ensured = {
  /** `kept`: it was there, under the same names. `completed`: a key without certificate was there. */
  state: 'issued' | 'completed' | 'kept'
  credential: Credential
  paths: CredentialPaths
}

/**
 * Sees to it that DIRECTORY holds the credential `request.name`. Safe to repeat after SIGKILL at any point.
 * @throws {CredentialExistsError} when another one is there (other names, ended, of another root) and `replace` is not set
 * @throws {UnsafeDirectoryError} when others may enter the directory
 * @throws {InvalidRequestError} for names, times or a type of key that cannot be
 */
export async function ensureCredential(
  authority: Authority,
  directory: string,
  request: CertificateRequest & KeyRequest,
  options: { replace?: boolean; onKey?: () => void } = {},
): Promise<Ensured> {
  const names = authority.check(request)
  const paths = credentialPaths(directory, request.name)
  await privateDirectory(directory)
  await sweepTemporary(directory)

  await saveRoot(authority, paths.root, options.replace)
  if (!options.replace) {
    const credential = await loadCredential(directory, request.name)
    if (credential) {
      refuseOther(credential, names, paths)
      return { state: 'kept', credential, paths }
    }
  }

  let pem = options.replace ? undefined : await readIfThere(paths.key)
  const state = pem === undefined ? 'issued' : 'completed'
  if (pem === undefined) {
    if (!options.replace && (await readIfThere(paths.certificate)) !== undefined) {
      throw new CredentialExistsError(
        `${paths.certificate} is there without its key; ask for it to be replaced, or name another file`,
      )
    }
    options.onKey?.()
    pem = keyToPem(await makeKey(request.key ?? authority.keyType))
    if (options.replace) await replaceFile(paths.key, pem, 'secret')
    else if (!(await writeNew(paths.key, pem, 'secret'))) pem = (await readIfThere(paths.key)) ?? pem
  }

  const key = keyFromPem(pem)
  if (state === 'completed' && request.key && keyTypeOf(key) !== request.key) {
    throw new CredentialExistsError(`${paths.key} is there already and is not ${request.key}`)
  }
  const certified = (await authority.recorded(names, createPublicKey(key))) ?? (await authority.certify(request, key))
  await replaceFile(paths.certificate, certified.certificate, 'public')
  return { state, credential: sealCredential(certified, pem), paths }
}

function refuseOther(credential: Credential, names: Names, paths: CredentialPaths): void {
  const found = summarize(credential.certificate)
  if (!sameNames(found, names)) {
    throw new CredentialExistsError(
      `${paths.certificate} is there with other names (${[found.kind, ...found.dns, ...found.ip, ...found.uri].join(', ')})`,
    )
  }
  if (found.notAfter <= new Date())
    throw new CredentialExistsError(`${paths.certificate} ended on ${found.notAfter.toISOString()}`)
}

/** Several credentials of one directory share ca.crt. It holds two roots while roots are changed. */
async function saveRoot(authority: Authority, path: string, replace = false): Promise<void> {
  const there = await readIfThere(path)
  if (there === authority.anchors) return
  if (there !== undefined && !replace) {
    const known = fingerprints(authority.anchors + (await formerRoots(authority.directory)))
    const found = fingerprints(there)
    if (found.some((one) => !known.includes(one))) {
      if (fingerprints(authority.anchors).every((one) => found.includes(one))) return
      throw new CredentialExistsError(`${path} holds the root of another authority; name another directory`)
    }
  }
  await replaceFile(path, authority.anchors, 'public')
}

function fingerprints(pem: string): string[] {
  return splitPem(pem).map((one) => new X509Certificate(one).fingerprint256)
}
