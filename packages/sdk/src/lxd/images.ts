import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { Deadline } from '../connection/deadline.ts'
import { counter, fileSource } from '../connection/file.ts'
import { path } from '../connection/path.ts'
import type { Progress } from '../connection/upload.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import { type ModifyOptions, modify } from '../operations/modify.ts'
import type { Operation } from '../operations/operation.ts'
import { ownHeaders } from './headers.ts'
import { type ExportedImage, saveImage } from './image-file.ts'
import { parts } from './multipart.ts'
import { Named } from './named.ts'
import type { Image, ImageAliasesEntry, ImageAliasesEntryPut, ImageExportPost, ImagePut } from './types.ts'

export type ImportOptions = CallOptions & {
  /** In bytes; known of a file, and of use for progress where a stream is given. */
  size?: number
  /** As the bytes leave this machine. What LXD does with them then is the operation's. */
  onProgress?: (progress: Progress) => void
  filename?: string
  /** Of a stream that is a multipart with the image's two files, as `export` gives it. */
  boundary?: string
  public?: boolean
  /** Names for it. They are given once LXD has taken the image in, so the operation that is returned has ended then. */
  aliases?: string[]
}
export type FetchOptions = CallOptions & { aliases?: string[]; public?: boolean }
/** Where LXD fetches an image from. */
export type ImageSource =
  | {
      type: 'image'
      mode?: 'pull'
      /** Of the server. */
      server: string
      protocol: 'lxd' | 'simplestreams'
      /** PEM of the server, where no CA vouches for it. */
      certificate?: string
      fingerprint?: string
      alias?: string
      /** Of `createSecret` at the other server. */
      secret?: string
    }
  | { type: 'url'; url: string }
export type ImportMetadata = { fingerprint: string; size?: string }

export type LxdPublishOptions = FetchOptions & {
  /** Added to those of the image that the instance was made from. */
  properties?: Record<string, string>
  /** `gzip`, `xz`, `none` and so on; unless said, as LXD's `images.compression_algorithm` has it. */
  compression?: string
}

export class LxdImages {
  readonly #api: Api
  readonly aliases: ImageAliases

  constructor(api: Api) {
    this.#api = api
    this.aliases = new ImageAliases(api)
  }

  /** `filter` is in LXD's own filter language, such as `properties.os eq debian`. */
  list({ filter, ...options }: CallOptions & { filter?: string } = {}): Promise<Image[]> {
    return this.#api.get('/1.0/images', { recursion: 1, filter }, options)
  }

  /** By its fingerprint or the beginning of one. `secret` is one of `createSecret`. */
  get(fingerprint: string, { secret, ...options }: CallOptions & { secret?: string } = {}): Promise<Image> {
    return this.#api.get(path`/1.0/images/${fingerprint}`, { secret }, options)
  }

  getWithEtag(fingerprint: string, options?: CallOptions): Promise<WithEtag<Image>> {
    return this.#api.getWithEtag(path`/1.0/images/${fingerprint}`, options)
  }

  async update(fingerprint: string, body: ImagePut, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PUT', path`/1.0/images/${fingerprint}`, { body, headers: ifMatch(etag), ...options })
  }

  async patch(fingerprint: string, body: Partial<ImagePut>, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PATCH', path`/1.0/images/${fingerprint}`, { body, headers: ifMatch(etag), ...options })
  }

  modify(fingerprint: string, change: (draft: Image) => void | Promise<void>, options?: ModifyOptions): Promise<Image> {
    return modify(this.#api, path`/1.0/images/${fingerprint}`, change, options)
  }

  /** Looks whether the server that it came from has a newer one. */
  refresh(fingerprint: string, options?: CallOptions): Promise<Operation<{ refreshed?: boolean }>> {
    return this.#api.start('POST', path`/1.0/images/${fingerprint}/refresh`, options)
  }

  /** Something by which another server may fetch it once; the operation's `metadata.secret`, hidden when printed. */
  createSecret(fingerprint: string, options?: CallOptions): Promise<Operation<{ secret: string }>> {
    return this.#api.start('POST', path`/1.0/images/${fingerprint}/secret`, options)
  }

  /** Has LXD send it to another server, where it was announced. */
  push(fingerprint: string, body: ImageExportPost, options?: CallOptions): Promise<Operation> {
    return this.#api.start('POST', path`/1.0/images/${fingerprint}/export`, { body, ...options })
  }

  /** Has LXD fetch an image from another server, or from a URL. */
  fetch(source: ImageSource, { aliases = [], ...options }: FetchOptions = {}): Promise<Operation<ImportMetadata>> {
    const body = { source, aliases: aliases.map((name) => ({ name })), public: options.public, auto_update: false }
    return this.#api.start('POST', '/1.0/images', { body, signal: options.signal, deadline: options.deadline })
  }

  /** Makes an image of an instance that is stopped, or of a snapshot `INSTANCE/SNAPSHOT`. */
  publish(
    instance: string,
    { aliases = [], properties, compression, ...options }: LxdPublishOptions = {},
  ): Promise<Operation<ImportMetadata>> {
    const source = { type: instance.includes('/') ? 'snapshot' : 'instance', name: instance }
    const names = aliases.map((name) => ({ name }))
    const body = { source, aliases: names, public: options.public, properties, compression_algorithm: compression }
    return this.#api.start('POST', '/1.0/images', { body, signal: options.signal, deadline: options.deadline })
  }

  /**
   * Its bytes, one tarball, or as LXD has it a multipart of two. Read or destroy the stream. Its SHA-256 is the fingerprint:
   * see `download`, which checks it.
   */
  async export(
    fingerprint: string,
    { secret, ...options }: CallOptions & { secret?: string } = {},
  ): Promise<ExportedImage> {
    const at = path`/1.0/images/${fingerprint}/export`
    const { body, headers } = await this.#api.raw('GET', at, { query: { secret }, ...options })
    const size = Number(headers['content-length'] ?? Number.NaN)
    const [, name] = /filename="?([^";]+)"?/.exec(headers['content-disposition'] ?? '') ?? []
    const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '')?.[1]
    return {
      stream: body,
      ...(Number.isNaN(size) ? {} : { size }),
      ...(name && { name: basename(name) }),
      ...(boundary && { boundary }),
    }
  }

  /**
   * Writes an image to a file. It is there under its name only when its SHA-256 was found to be the fingerprint; before, and
   * when anything goes wrong, nothing is there. Of an image in two parts the file is the metadata tarball and `FILE.root`
   * the other one.
   */
  async download(
    fingerprint: string,
    file: string,
    {
      onProgress,
      secret,
      ...limits
    }: CallOptions & { secret?: string; onProgress?: (progress: Progress) => void } = {},
  ): Promise<{ fingerprint: string; files: string[] }> {
    using limit = new Deadline(limits, `image ${fingerprint} of ${this.#api.connection.server}`)
    const { signal } = limit
    const exported = await this.export(fingerprint, { secret, signal })
    const { stream, boundary, size } = exported
    try {
      const pieces = boundary ? parts(stream, boundary) : [stream]
      return await saveImage(pieces, file, { fingerprint, signal, onChunk: counter(onProgress, size) })
    } finally {
      stream.destroy()
    }
  }

  /**
   * Sends a unified image (one tarball), a file by its path or a stream. The operation's `metadata.fingerprint` names the
   * image; it fails where LXD has that image already.
   */
  async import(source: string | Readable, options: ImportOptions = {}): Promise<Operation<ImportMetadata>> {
    const { onProgress, aliases = [] } = options
    using limit = new Deadline(options, `POST /1.0/images at ${this.#api.connection.server}`)
    const { signal } = limit
    const file = await fileSource(source, options.size)
    const headers: Record<string, string> = {
      'content-type': options.boundary
        ? `multipart/form-data; boundary=${options.boundary}`
        : 'application/octet-stream',
      ...ownHeaders({
        filename: encodeURIComponent(options.filename ?? file.name ?? 'image'),
        public: options.public ? '1' : '0',
      }),
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

  /**
   * Copies an image to another LXD, or to another project of this one. Its bytes go through this process and are not held, so
   * the two servers need not reach or know each other; the operation is that of the other server.
   */
  async copy(
    fingerprint: string,
    to: { images: LxdImages },
    options: CallOptions & Pick<ImportOptions, 'onProgress' | 'public' | 'aliases'> = {},
  ): Promise<Operation<ImportMetadata>> {
    using limit = new Deadline(options, `image ${fingerprint} of ${this.#api.connection.server}`)
    const { signal } = limit
    const { stream, size, name, boundary } = await this.export(fingerprint, { signal })
    try {
      return await to.images.import(stream, { ...options, signal, deadline: undefined, size, filename: name, boundary })
    } finally {
      stream.destroy()
    }
  }

  delete(fingerprint: string, options?: CallOptions): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/images/${fingerprint}`, options)
  }
}

export class ImageAliases extends Named<ImageAliasesEntry, { name: string; target: string }, ImageAliasesEntryPut> {
  constructor(api: Api) {
    super(api, '/1.0/images/aliases')
  }

  async rename(name: string, to: string, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.at(name), { body: { name: to }, ...options })
  }
}
