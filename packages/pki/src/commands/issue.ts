import { join } from 'node:path'
import { openAuthority } from '../authority/authority.ts'
import { ensureCredential } from '../authority/ensure.ts'
import { checkPurpose } from '../authority/profile.ts'
import { checkKeyType, type Kind } from '../authority/request.ts'
import { CredentialExistsError } from '../errors.ts'
import { noteKey, type Report } from './report.ts'

export type IssueOptions = {
  dir: string
  purpose: string
  out?: string
  dns: string[]
  ip: string[]
  uri: string[]
  email: string[]
  key?: string
  days?: number
  force?: boolean
}

export async function issue(kind: Kind, name: string, options: IssueOptions): Promise<Report> {
  const { dir, dns, ip, uri, email, days, force = false } = options
  const purpose = checkPurpose(options.purpose)
  const authority = await openAuthority(dir)
  const key = options.key === undefined ? undefined : checkKeyType(options.key)
  const { state, credential, paths } = await ensureCredential(
    authority,
    options.out ?? credentialsOf(dir),
    { purpose, kind, name, dns, ip, uri, email, ...(days !== undefined && { days }), key },
    { replace: force, onKey: () => noteKey(`"${name}"`, key ?? authority.keyType) },
  )
  if (state === 'kept')
    throw new CredentialExistsError(`${paths.certificate} is there already; --force replaces it and its key`)
  const { fingerprint, serial, notAfter } = credential
  return {
    text: [
      `${state === 'completed' ? 'Completed, with the key that was there,' : 'Issued'} the ${kind} certificate "${name}" for ${purpose}`,
      `Certificate: ${paths.certificate}`,
      `Key:         ${paths.key}`,
      `Root:        ${paths.root}`,
      `SHA-256:     ${fingerprint}`,
      `Ends on:     ${notAfter.toISOString()}`,
    ],
    json: { state, purpose, kind, name, serial, fingerprint, notAfter, files: paths },
  }
}

/** Where credentials go unless another directory is named. */
export function credentialsOf(dir: string): string {
  return join(dir, 'credentials')
}
