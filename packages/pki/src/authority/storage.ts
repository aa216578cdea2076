// Files that must survive SIGKILL and power loss between any two lines.
//
// Invariants: a file has its final name only when its bytes are on the disk; a file written by `writeNew` is never
// replaced; a key is never readable by others, not even for a moment.
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { UnsafeDirectoryError } from '../errors.ts'

const secretMode = 0o600
const publicMode = 0o644
const temporaryName = /^\.anbox-pki-[0-9a-f]{16}\.tmp$/
/** Milliseconds after which a temporary file belongs to nobody: a live one is linked or renamed within milliseconds. */
const temporaryLife = 60_000

export type FileKind = 'secret' | 'public'

/**
 * Makes the directory with mode 0700, and its parents where they are missing.
 * @throws {UnsafeDirectoryError} when it exists and others may enter it: its mode is never changed behind its owner's back
 */
export async function privateDirectory(path: string): Promise<void> {
  const wanted = resolve(path)
  const first = await mkdir(wanted, { recursive: true, mode: 0o700 })
  if (first !== undefined) {
    for (let made = wanted; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made))
  }
  await refuseOpen(wanted)
}

/** @throws {UnsafeDirectoryError} when others may enter the directory */
export async function refuseOpen(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0')
    throw new UnsafeDirectoryError(`${path} is open to others (mode ${octal}); chmod 700 it or name another directory`)
  }
}

/**
 * Publishes a new file, unless the name is taken; says which. Of several writers one wins, and all may go on with what
 * stands there. This is link(2) and not rename(2): rename would replace a key that already has a certificate.
 */
export async function writeNew(path: string, data: string | Uint8Array, kind: FileKind): Promise<boolean> {
  const temporary = await writeTemporary(dirname(path), data, kind)
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(temporary, { force: true })
    // Also when another one won: its link must be on the disk before we build on it.
    await syncDirectory(dirname(path))
  }
}

/** Puts the file in place of what has its name, in one step. It belongs to who runs this unless `owner` is given. */
export async function replaceFile(
  path: string,
  data: string | Uint8Array,
  kind: FileKind,
  owner?: { uid: number; gid: number },
): Promise<void> {
  const temporary = await writeTemporary(dirname(path), data, kind, owner)
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** The text of a file, or nothing if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

/** Whether a file was being written and may never be finished. */
export function isTemporary(name: string): boolean {
  return temporaryName.test(name)
}

/** Removes what killed writers left in a directory: it may hold a key that nobody will ever use. */
export async function sweepTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!isTemporary(name)) continue
    const path = join(directory, name)
    const found = await stat(path).catch(() => undefined)
    if (found && Date.now() - found.mtimeMs > temporaryLife) await rm(path, { force: true })
  }
}

async function writeTemporary(
  directory: string,
  data: string | Uint8Array,
  kind: FileKind,
  owner?: { uid: number; gid: number },
): Promise<string> {
  const path = join(directory, `.anbox-pki-${randomBytes(8).toString('hex')}.tmp`)
  const file = await open(path, 'wx', kind === 'secret' ? secretMode : publicMode)
  try {
    // By the open file: the name may be somebody else's by now when the directory is.
    if (owner) await file.chown(owner.uid, owner.gid)
    await file.writeFile(data)
    await file.sync()
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return path
}

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
