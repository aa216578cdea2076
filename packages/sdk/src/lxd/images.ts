import type { Readable } from 'node:stream'
import { counter, fileSource } from '../connection/file.ts'
import { path } from '../connection/path.ts'
import type { Progress } from '../connection/upload.ts'
import type { Api, WithEtag } from '../operations/api.ts'
import { type CallOptions, ifMatch, type UpdateOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Image, ImageAliasesEntry, ImagePut } from './types.ts'

export type ImportOptions = CallOptions & {
  /** In bytes; known of a file, and of use for progress where a stream is given. */
  size?: number
  /** As the bytes leave this machine. What LXD does with them then is the operation's. */
  onProgress?: (progress: Progress) => void
  filename?: string
  public?: boolean
  /** Names for it. They are given once LXD has taken the image in, so the operation that is returned has ended then. */
  aliases?: string[]
}
export type ImportMetadata = { fingerprint: string; size?: string }

export class LxdImages {
  readonly #api: Api
  readonly aliases: ImageAliases

  constructor(api: Api) {
    this.#api = api
    this.aliases = new ImageAliases(api)
  }

  /** `filter` is in LXD's own filter language, such as `properties.os eq debian`. */
  list({ filter, signal }: CallOptions & { filter?: string } = {}): Promise<Image[]> {
    return this.#api.get('/1.0/images', { recursion: 1, filter }, { signal })
  }

  /** By its fingerprint or the beginning of one. */
  get(fingerprint: string, options?: CallOptions): Promise<Image> {
    return this.#api.get(path`/1.0/images/${fingerprint}`, {}, options)
  }

  getWithEtag(fingerprint: string): Promise<WithEtag<Image>> {
    return this.#api.getWithEtag(path`/1.0/images/${fingerprint}`)
  }

  async update(fingerprint: string, body: ImagePut, { etag, signal }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PUT', path`/1.0/images/${fingerprint}`, { body, headers: ifMatch(etag), signal })
  }

  /**
   * Sends a unified image (one tarball), a file by its path or a stream. The operation's `metadata.fingerprint` names the
   * image; it fails where LXD has that image already.
   */
  async import(source: string | Readable, options: ImportOptions = {}): Promise<Operation<ImportMetadata>> {
    const { signal, onProgress, aliases = [] } = options
    const file = await fileSource(source, options.size)
    const headers: Record<string, string> = {
      'content-type': 'application/octet-stream',
      'x-lxd-filename': encodeURIComponent(options.filename ?? file.name ?? 'image'),
      'x-lxd-public': options.public ? '1' : '0',
    }
    if (file.size !== undefined) headers['content-length'] = String(file.size)
    const onChunk = counter(onProgress, file.size)
    const operation = await this.#api.start<ImportMetadata>('POST', '/1.0/images', {
      stream: file.stream,
      headers,
      signal,
      onChunk,
    })
    if (aliases.length === 0) return operation
    // LXD takes none along with the bytes.
    const { fingerprint } = (await operation.wait({ signal })).metadata
    for (const name of aliases) await this.aliases.create({ name, target: fingerprint }, { signal })
    return operation
  }

  delete(fingerprint: string, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/images/${fingerprint}`, { signal })
  }
}

export class ImageAliases {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options?: CallOptions): Promise<ImageAliasesEntry[]> {
    return this.#api.get('/1.0/images/aliases', { recursion: 1 }, options)
  }

  get(name: string, options?: CallOptions): Promise<ImageAliasesEntry> {
    return this.#api.get(path`/1.0/images/aliases/${name}`, {}, options)
  }

  /** `target` is a fingerprint. */
  async create(
    body: { name: string; target: string; description?: string },
    { signal }: CallOptions = {},
  ): Promise<void> {
    await this.#api.send('POST', '/1.0/images/aliases', { body, signal })
  }

  async delete(name: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/images/aliases/${name}`, { signal })
  }
}
