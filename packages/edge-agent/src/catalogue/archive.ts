// Packages as they are uploaded: a tarball compressed with bzip2, or a zip file. Both are read entry by entry and written
// again as one plain tarball of files and folders, so that everything behind this door meets nothing else: no links, no
// devices, no owners, no path that leaves its folder.
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract, type Pack, pack } from 'tar-stream'
import { openPromise } from 'yauzl'
import { badRequest } from '../errors.ts'

/** Bytes and entries that a package may unpack to: what is beyond is a mistake, or an attack. */
export type Limits = { bytes: number; entries: number }
export const packageLimits: Limits = { bytes: 8 * 2 ** 30, entries: 100_000 }

export type Entry = { name: string; type: 'file' | 'directory'; mode: number; size: number; content: Readable }
type Visit = (entry: Entry) => Promise<void>

/** Seconds since 1970 that every entry gets: the same content gives the same bytes. */
const epoch = 0

/**
 * Writes what is in `from` to `to` as a plain tarball and returns the files that `wanted` asks for, by name.
 * @throws ApiError 400 where the archive is damaged or has something in it that a package may not have.
 */
export async function normalise(
  from: string,
  to: string,
  {
    limits = packageLimits,
    wanted,
    signal,
  }: { limits?: Limits; wanted: (name: string) => number; signal: AbortSignal },
): Promise<{ names: Set<string>; kept: Map<string, Buffer> }> {
  const names = new Set<string>()
  const kept = new Map<string, Buffer>()
  let left = limits.bytes
  const target: FileHandle = await open(to, 'w', 0o600)
  const out: Pack = pack()
  const written = pipeline(out, target.createWriteStream(), { signal })
  written.catch(() => {})
  const folders = new Set<string>()
  const take: Visit = async ({ name: given, type, mode, size, content }) => {
    const name = cleanName(given)
    if (name === '') return
    if (names.size >= limits.entries) throw badRequest(`the package has more than ${limits.entries} files`)
    if (names.has(name) && type === 'file') throw badRequest(`the package has ${shown(name)} twice`)
    if (type === 'directory') {
      if (!folders.has(name)) out.entry({ name: `${name}/`, type, mode: 0o755, mtime: new Date(epoch) })
      folders.add(name)
      return
    }
    names.add(name)
    left -= size
    if (left < 0) throw badRequest(`the package unpacks to more than ${limits.bytes} bytes`)
    const most = wanted(name)
    if (most > 0 && size > most) throw badRequest(`${shown(name)} has ${size} bytes; ${most} are the most`)
    const chunks: Buffer[] = []
    const copy = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        if (most > 0) chunks.push(chunk)
        done(null, chunk)
      },
    })
    const into = out.entry({
      name,
      type: 'file',
      size,
      mode: mode & 0o111 || name.startsWith('hooks/') ? 0o755 : 0o644,
      mtime: new Date(epoch),
    })
    await pipeline(content, copy, into, { signal })
    if (most > 0) kept.set(name, Buffer.concat(chunks))
  }
  try {
    await (isZip(await firstBytes(from)) ? visitZip(from, take) : visitTarball(from, take, signal))
    out.finalize()
    await written
    return { names, kept }
  } catch (error) {
    out.destroy(error as Error)
    await written.catch(() => {})
    signal.throwIfAborted()
    throw asBadRequest(error)
  } finally {
    await target.close().catch(() => {})
  }
}

/** The archive's first bytes say what it is; a name says nothing. */
export const isZip = (head: Buffer) => head.subarray(0, 2).toString('latin1') === 'PK'
export const isBzip2 = (head: Buffer) => head.subarray(0, 3).toString('latin1') === 'BZh'

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** A relative path inside the package. @throws ApiError 400 where it leaves the package. */
function cleanName(given: string): string {
  const name = given.replace(/^(\.\/)+/, '').replace(/\/+$/, '')
  if (name === '' || name === '.') return ''
  const parts = name.split('/')
  if (name.startsWith('/') || parts.some((part) => part === '' || part === '.' || part === '..'))
    throw badRequest(`the package has ${shown(given)}: paths must stay inside the package`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  if (/[\\\u0000-\u001f\u007f\ufffd]/.test(name) || Buffer.byteLength(name) > 1024)
    throw badRequest(`the package has the name ${shown(given)}: control characters and backslashes are not allowed`)
  return name
}

async function visitTarball(path: string, visit: Visit, signal: AbortSignal): Promise<void> {
  // Another process: bzip2 keeps a core busy, and the agent has other things to answer meanwhile.
  const child = spawn('bzip2', ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 500) said += chunk
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? new Error('the program "bzip2" is not installed on this machine') : error),
    )
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(badRequest(`the package cannot be unpacked: ${said.split('\n')[0] || 'damaged'}`)),
    )
  })
  ended.catch(() => {})
  const entries = extract()
  try {
    const feeding = pipeline(createReadStream(path), child.stdin, { signal })
    feeding.catch(() => {})
    child.stdout.pipe(entries)
    ended.catch((error) => entries.destroy(error))
    for await (const entry of entries) {
      const { header } = entry
      const { type, name, mode = 0o644, size = 0 } = header
      if (type !== 'file' && type !== 'contiguous-file' && type !== 'directory')
        throw badRequest(`the package has ${shown(name)}, a ${type}: only files and folders are allowed`)
      await visit({
        name,
        type: type === 'directory' ? type : 'file',
        mode,
        size,
        content: entry as unknown as Readable,
      })
      entry.resume()
    }
    await ended
  } finally {
    child.kill('SIGKILL')
    entries.destroy()
  }
}

async function visitZip(path: string, visit: Visit): Promise<void> {
  const archive = await openPromise(path, { lazyEntries: true, validateEntrySizes: true, strictFileNames: true })
  try {
    for await (const entry of archive.eachEntry()) {
      const mode = entry.externalFileAttributes >>> 16
      const kind = mode & 0o170000
      // 0: made where files have no such thing.
      if (kind !== 0 && kind !== 0o100000 && kind !== 0o040000)
        throw badRequest(`the package has ${shown(entry.fileName)}, which is neither a file nor a folder`)
      if (entry.isEncrypted()) throw badRequest(`${shown(entry.fileName)} is encrypted: send the package unencrypted`)
      const directory = entry.fileName.endsWith('/')
      const content = directory ? new PassThrough().end() : await archive.openReadStreamPromise(entry)
      const size = directory ? 0 : entry.uncompressedSize
      await visit({ name: entry.fileName, type: directory ? 'directory' : 'file', mode: mode || 0o644, size, content })
    }
  } finally {
    archive.close()
  }
}

/** What a broken archive makes the libraries throw is the sender's mistake, and told so. */
function asBadRequest(error: unknown): unknown {
  const { name, code, message } = error as NodeJS.ErrnoException
  if (name === 'ApiError' || (code && code !== 'ERR_STREAM_PREMATURE_CLOSE' && !code.startsWith('Z_'))) return error
  if (/not installed/.test(message)) return error
  return badRequest(`the package cannot be unpacked: ${message}`)
}

const shown = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}…` : name)
