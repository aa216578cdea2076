import { join } from 'node:path'
import { credentialPaths, loadCredential } from '../authority/credential.ts'
import { exportPkcs12 } from '../authority/pkcs12.ts'
import { replaceFile, writeNew } from '../authority/storage.ts'
import { CredentialExistsError, CredentialMissingError } from '../errors.ts'
import { credentialsOf } from './issue.ts'
import { type PasswordSource, readPassword } from './password.ts'
import type { Report } from './report.ts'

export type ExportOptions = PasswordSource & { dir: string; out?: string; file?: string; force?: boolean }

export async function exportCredential(name: string, options: ExportOptions): Promise<Report> {
  const directory = options.out ?? credentialsOf(options.dir)
  const credential = await loadCredential(directory, name)
  if (!credential)
    throw new CredentialMissingError(
      `${credentialPaths(directory, name).certificate} and its key are not there; issue them first`,
    )
  const { certificate, root, key } = credential
  const password = await readPassword(options)
  const pkcs12 = await exportPkcs12({ certificate, root, key, password, name })
  const file = options.file ?? join(directory, `${name}.p12`)
  if (options.force) await replaceFile(file, pkcs12, 'secret')
  else if (!(await writeNew(file, pkcs12, 'secret')))
    throw new CredentialExistsError(`${file} is there already; --force replaces it`)
  return { text: [`Wrote ${file}: certificate, chain, root and key, under the password`], json: { file, name } }
}
