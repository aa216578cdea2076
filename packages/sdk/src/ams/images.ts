import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { counter, fileSource } from '../connection/file.ts'
import { path } from '../connection/path.ts'
import type { Progress } from '../connection/upload.ts'
import type { Api, CallOptions, WithEtag } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Image, ImagePatch, ImagesPost } from './types.ts'

export type UploadOptions = CallOptions & {
  /** Becomes the image that is used where none is named. */
  default?: boolean
  type?: 'container' | 'vm'
  /** Of a stream, in bytes, where it is known. */
  size?: number
  /** Hex SHA-256 of a stream, where it is known. Of a file it is computed. */
  fingerprint?: string
  /** As the bytes leave this machine. */
  onProgress?: (progress: Progress) => void
}

/** Images by id or name. */
export class AmsImages {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options?: CallOptions): Promise<Image[]> {
    return this.#api.get('/1.0/images', { recursion: 1 }, options)
  }

  /** Throws `NotFoundError`. */
  get(id: string, options?: CallOptions): Promise<Image> {
    return this.#api.get(path`/1.0/images/${id}`, {}, options)
  }

  getWithEtag(id: string): Promise<WithEtag<Image>> {
    return this.#api.getWithEtag(path`/1.0/images/${id}`)
  }

  /** Sends an image, a file by its path or a stream: `operation.resource('images')` is its id. */
  async upload(name: string, source: string | Readable, options: UploadOptions = {}): Promise<Operation> {
    const { signal } = options
    // The server checks the bytes against it; of a stream they would have to be kept to know it beforehand.
    const fingerprint = typeof source === 'string' ? await sha256(source, signal) : options.fingerprint
    const file = await fileSource(source, options.size)
    const request = { name, default: options.default ?? false, type: options.type ?? '' }
    const headers: Record<string, string> = {
      'content-type': 'application/octet-stream',
      'x-ams-request': ascii(JSON.stringify(request)),
    }
    if (fingerprint) headers['x-ams-fingerprint'] = fingerprint
    if (file.size !== undefined) headers['content-length'] = String(file.size)
    const onChunk = counter(options.onProgress, file.size)
    return this.#api.start('POST', '/1.0/images', { stream: file.stream, headers, signal, onChunk })
  }

  /** Lets the server fetch an image, or make one of an instance. */
  import(body: ImagesPost, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('POST', '/1.0/images', { body, signal })
  }

  update(id: string, body: ImagePatch, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/images/${id}`, { body, signal })
  }

  delete(id: string, { force = false, signal }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/images/${id}`, { body: { force }, signal })
  }
}

async function sha256(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 256 * 1024 }), hash, { signal })
  return hash.digest('hex')
}

/** JSON that fits into a header, which takes no other letters. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
