// Backups of a whole authority, and getting one back.
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AuthorityConflictError, BackupRefusedError } from '../errors.ts'
import { whileUnchanged } from '../secrets/table.ts'
import { collect, pack, restoreInto, unpack } from './archive.ts'
import { type Authority, openAuthority } from './authority.ts'
import { type BackupKey, type BackupLock, checkLock, openBackup, sealBackup } from './backup-seal.ts'
import { exclusively } from './lock.ts'
import { replaceFile, syncDirectory } from './storage.ts'

export type BackedUp = { files: number; bytes: number; rootKey: boolean }

/** Milliseconds after which a directory that a killed restore left belongs to nobody. */
const leftoverLife = 3_600_000

/**
 * Writes all that is in the authority's directory, keys and audit log included, into one encrypted file of mode 0600. Its
 * lines in the audit log and its files belong together: nothing is issued while they are read.
 * @throws {AuthorityConflictError} when the file is there and `replace` is not set
 * @throws {InvalidRequestError} for a short passphrase, or a certificate that nothing can be encrypted to
 */
export async function backupAuthority(
  authority: Authority,
  file: string,
  lock: BackupLock,
  options: { replace?: boolean } = {},
): Promise<BackedUp> {
  if (!options.replace && (await isThere(file))) throw new AuthorityConflictError(`${file} is there already`)
  checkLock(lock)
  const to = 'passphrase' in lock ? 'passphrase' : 'certificate'
  await authority.audit.append({ action: 'backup', subject: resolve(file), to })
  const files = await exclusively(authority.directory, () =>
    whileUnchanged(join(authority.directory, 'secrets/secrets.db'), () => collect(authority.directory)),
  )
  const sealed = await sealBackup(await pack(files), lock)
  await replaceFile(file, sealed, 'secret')
  const kept = files.filter(({ data }) => data)
  return { files: kept.length, bytes: sealed.length, rootKey: kept.some(({ path }) => path === 'root/ca.key') }
}

/**
 * Makes a directory of a backup: whole, checked and under its name, or not at all.
 * @throws {AuthorityConflictError} when there is something in the directory
 * @throws {BackupRefusedError} when the backup was changed, or the passphrase or key does not open it
 */
export async function restoreAuthority(file: string, directory: string, opener: BackupKey): Promise<Authority> {
  const target = resolve(directory)
  if (await isTaken(target)) throw new AuthorityConflictError(`${directory} is not empty; name another directory`)
  const { payload, createdAt } = await openBackup(await readFile(file), opener)
  await sweepLeftovers(target)
  const building = `${target}.restoring-${randomBytes(8).toString('hex')}`
  try {
    await restoreInto(building, await unpack(payload))
    const { problems } = await (await openAuthority(building)).verifyAudit()
    if (problems.length > 0) throw new BackupRefusedError(`the audit log in the backup is not whole: ${problems[0]}`)
    await rename(building, target)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    throw error
  }
  await syncDirectory(dirname(target))
  const authority = await openAuthority(directory)
  await authority.audit.append({ action: 'restore', subject: resolve(file), of: createdAt })
  return authority
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function isTaken(directory: string): Promise<boolean> {
  return readdir(directory).then(
    (names) => names.length > 0,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

async function sweepLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.restoring-`
  for (const name of await readdir(dirname(target)).catch((): string[] => [])) {
    const path = join(dirname(target), name)
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}$/.test(name.slice(prefix.length))) continue
    if (Date.now() - (await stat(path)).mtimeMs > leftoverLife) await rm(path, { recursive: true, force: true })
  }
}
