// A local folder that is worked in without ever following a symbolic link. Each folder is opened once, links refused, and
// what is in it is reached through the open folder, as openat(2) would: a link that somebody puts in its place meanwhile
// leads nowhere. That is Linux's /proc; elsewhere paths are used, and a folder that is swapped in between is not noticed.
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidRequestError } from '../errors.ts'

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const linux = process.platform === 'linux'

/** The name of something in a folder, and not a way out of it. */
export function checkName(name: string): string {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new InvalidRequestError(`${JSON.stringify(name)} is not the name of a file`, { code: 'invalid-request' })
  return name
}

export class Place implements AsyncDisposable {
  readonly #handle: FileHandle
  /** For messages. */
  readonly path: string

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle
    this.path = path
  }

  /** Throws what `open` says: ELOOP or ENOTDIR where a link or a file is in the way. */
  static async open(path: string): Promise<Place> {
    return new Place(await open(path, folderFlags), path)
  }

  /** The folder of that name in this one, made where it is not there. */
  async folder(name: string, mode?: number): Promise<Place> {
    const at = this.#at(name)
    if (mode !== undefined) await mkdir(at, { mode }).catch(ignore('EEXIST'))
    const handle = await open(at, folderFlags)
    if (mode !== undefined) await handle.chmod(mode)
    return new Place(handle, join(this.path, name))
  }

  /** Writes a file that is there whole under its name, or not at all. */
  async write(name: string, mode: number, content: (file: FileHandle) => Promise<void>): Promise<void> {
    const temporary = this.#temporary(name)
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
    try {
      const file = await open(temporary, flags, 0o600)
      try {
        await content(file)
        await file.chmod(mode)
      } finally {
        await file.close()
      }
      await rename(temporary, this.#at(name))
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  }

  /** Puts a link in place of whatever file or link is there. */
  async link(name: string, target: string): Promise<void> {
    const temporary = this.#temporary(name)
    await symlink(target, temporary)
    await rename(temporary, this.#at(name)).catch(async (error) => {
      await rm(temporary, { force: true })
      throw error
    })
  }

  /** Opens a file to read it, unless it is a link. */
  read(name: string): Promise<FileHandle> {
    return open(this.#at(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  }

  readLink(name: string): Promise<string> {
    return readlink(this.#at(name))
  }

  /** What is in it: names, sorted. */
  async names(): Promise<string[]> {
    return (await readdir(linux ? `/proc/self/fd/${this.#handle.fd}` : this.path)).sort()
  }

  async kind(name: string): Promise<{ type: 'file' | 'directory' | 'symlink' | 'other'; mode: number }> {
    const stat = await lstat(this.#at(name))
    const type = stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : 'other'
    return { type, mode: stat.mode & 0o7777 }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close()
  }

  /** A name beside it that nobody else uses. */
  #temporary(name: string): string {
    return this.#at(`.${checkName(name).slice(0, 80)}.${randomUUID()}.part`)
  }

  #at(name: string): string {
    return join(linux ? `/proc/self/fd/${this.#handle.fd}` : this.path, checkName(name))
  }
}

function ignore(code: string) {
  return (error: NodeJS.ErrnoException) => {
    if (error.code !== code) throw error
  }
}
