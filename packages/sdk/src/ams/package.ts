// Images, applications and addons travel raw in the body; what is to be said about them is in headers.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Deadline } from '../connection/deadline.ts'
import { counter, fileSource } from '../connection/file.ts'
import type { Query } from '../connection/path.ts'
import type { Progress } from '../connection/upload.ts'
import { type Api, type CallOptions, ifMatch } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Features } from './features.ts'

/** A file by its path, or a stream of its bytes. */
export type PackageSource = string | Readable
export type PackageOptions = CallOptions & {
  /** Of a stream, in bytes, where it is known. */
  size?: number
  /** Hex SHA-256 of a stream, where it is known; the server checks what arrives. Of a file it is computed. */
  fingerprint?: string
  /** As the bytes leave this machine. */
  onProgress?: (progress: Progress) => void
}
type Upload = {
  method: 'POST' | 'PATCH'
  path: string
  query?: Query
  /** Text of `X-AMS-Request`. */
  request: string
  etag?: string
  /** What the server needs for it, besides `zip_archive_support` for a zip file. */
  features?: string[]
}

/** Sends a package. Throws what opening the file throws, before anything is sent. */
export async function sendPackage(
  api: Api,
  features: Features,
  { method, path, query, request, etag, features: needed = [] }: Upload,
  source: PackageSource,
  { size, fingerprint, onProgress, ...limits }: PackageOptions,
): Promise<Operation> {
  using limit = new Deadline(limits, `${method} ${path} at ${api.connection.server}`)
  const options = { signal: limit.signal }
  // The server checks the bytes against it; of a stream they would have to be kept to know it beforehand.
  const sha256 = typeof source === 'string' ? await hashOf(source, options.signal) : fingerprint
  const zip = typeof source === 'string' && (await isZip(source))
  const file = await fileSource(source, size)
  const headers: Record<string, string> = {
    'content-type': 'application/octet-stream',
    'x-ams-request': ascii(request),
    ...ifMatch(etag),
  }
  if (sha256) headers['x-ams-fingerprint'] = sha256
  if (file.size !== undefined) headers['content-length'] = String(file.size)
  const onChunk = counter(onProgress, file.size)
  return await features.need(zip ? ['zip_archive_support', ...needed] : needed, options, () =>
    api.start(method, path, { query, stream: file.stream, headers, onChunk, ...options }),
  )
}

async function hashOf(file: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted()
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), hash, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
  return hash.digest('hex')
}

/** By its first bytes: names lie. */
async function isZip(file: string): Promise<boolean> {
  await using handle = await open(file)
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
  return buffer.equals(Buffer.from('PK\x03\x04', 'latin1'))
}

/** JSON that fits into a header, which takes no other letters. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
