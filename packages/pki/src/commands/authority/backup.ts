import { readFile } from 'node:fs/promises'
import { openAuthority } from '../../authority/authority.ts'
import { backupAuthority, restoreAuthority } from '../../authority/backup.ts'
import { keyFromPem } from '../../authority/key.ts'
import { InvalidRequestError } from '../../errors.ts'
import { type PasswordSource, readPassword } from '../password.ts'
import type { Report } from '../report.ts'

type BackupOptions = PasswordSource & { dir: string; to?: string; force?: boolean }
type RestoreOptions = PasswordSource & { dir: string; key?: string }

export async function backup(file: string, { dir, to, force = false, ...source }: BackupOptions): Promise<Report> {
  const authority = await openAuthority(dir)
  onlyOne(source, to, '--to')
  const lock = to === undefined ? { passphrase: await readPassword(source) } : { certificate: await read(to) }
  const made = await backupAuthority(authority, file, lock, { replace: force })
  return {
    text: [
      `Wrote ${file}: ${made.files} files of ${dir}, encrypted to ${to ?? 'the passphrase'}`,
      made.rootKey ? "The root's key is in it" : "The root's key is not in it: it is kept elsewhere",
    ],
    json: { file, ...made },
  }
}

export async function restore(file: string, { dir, key, ...source }: RestoreOptions): Promise<Report> {
  onlyOne(source, key, '--key')
  const opener = key === undefined ? { passphrase: await readPassword(source) } : { key: keyFromPem(await read(key)) }
  const authority = await restoreAuthority(file, dir, opener)
  const { length } = await authority.list()
  return {
    text: [
      `Restored the authority "${authority.name}" in ${dir}, with ${length} certificates on record`,
      'What was issued or revoked after the backup is not known to it: look at the audit log that you have of that time',
    ],
    json: { directory: dir, name: authority.name, issued: length },
  }
}

function onlyOne({ passwordStdin, passwordFile, passwordEnv }: PasswordSource, file: string | undefined, name: string) {
  const passwords = [passwordStdin, passwordFile, passwordEnv].filter((one) => one !== undefined)
  if (file !== undefined && passwords.length > 0)
    throw new InvalidRequestError(`name ${name} or a passphrase, not both`)
}

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new InvalidRequestError(`${file} cannot be read: ${cause.message}`, { cause })
  })
}
