// The files of a directory in one piece: for each a line of JSON and its bytes, all of it compressed.
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { BackupRefusedError } from '../errors.ts'
import { isTemporary, privateDirectory, writeNew } from './storage.ts'

export type Archived = { path: string; mode: number; data?: Buffer }

const mostBytes = 2 ** 30
const segment = /^(?!\.{1,2}$)[^/\0]{1,255}$/

/** Directories and regular files, without the lock and what killed writers left. */
export async function collect(base: string, under = ''): Promise<Archived[]> {
  const found: Archived[] = []
  for (const name of (await readdir(join(base, under))).sort()) {
    const path = under === '' ? name : `${under}/${name}`
    if (path === 'lock' || isTemporary(name)) continue
    const info = await lstat(join(base, path))
    const mode = info.mode & 0o777
    if (info.isDirectory()) found.push({ path, mode }, ...(await collect(base, path)))
    else if (info.isFile()) found.push({ path, mode, data: await readFile(join(base, path)) })
  }
  return found
}

export async function pack(files: readonly Archived[]): Promise<Buffer> {
  const parts = files.flatMap(({ path, mode, data }) => {
    const details = data && { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') }
    return [Buffer.from(`${JSON.stringify({ path, mode, ...details })}\n`), ...(data ? [data] : [])]
  })
  return promisify(gzip)(Buffer.concat([...parts, Buffer.from(`${JSON.stringify({ end: files.length })}\n`)]))
}

/** @throws {BackupRefusedError} when anything in it is not as `pack` writes it */
export async function unpack(packed: Buffer): Promise<Archived[]> {
  const all = await promisify(gunzip)(packed, { maxOutputLength: mostBytes })
  const files: Archived[] = []
  for (let at = 0; at < all.length; ) {
    const line = all.indexOf(10, at)
    const { end, path, mode, bytes, sha256 } = JSON.parse(all.toString('utf8', at, line))
    at = line + 1
    if (end !== undefined) {
      if (end === files.length && at === all.length) return files
      break
    }
    if (typeof path !== 'string' || !path.split('/').every((part) => segment.test(part))) break
    const data = bytes === undefined ? undefined : all.subarray(at, at + bytes)
    if (data && createHash('sha256').update(data).digest('hex') !== sha256) break
    files.push({ path, mode: mode === 0o600 ? 0o600 : 0o644, ...(data && { data }) })
    at += data?.length ?? 0
  }
  throw new BackupRefusedError('the backup does not hold what it should')
}

/** Writes them into a new directory. Directories have mode 0700, files 0600 or 0644. */
export async function restoreInto(directory: string, files: readonly Archived[]): Promise<void> {
  await privateDirectory(directory)
  for (const { path, mode, data } of files) {
    if (data) await writeNew(join(directory, path), data, mode === 0o600 ? 'secret' : 'public')
    else await privateDirectory(join(directory, path))
  }
}
