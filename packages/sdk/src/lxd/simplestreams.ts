// Image servers that speak simplestreams, such as Ubuntu's and LXD's: what they offer, and its bytes, verified.
import { arch } from 'node:os'
import type { Readable } from 'node:stream'
import { Connection } from '../connection/connection.ts'
import { Deadline } from '../connection/deadline.ts'
import { counter } from '../connection/file.ts'
import type { Bearer, Common, PublicServer } from '../connection/options.ts'
import { Token } from '../connection/token.ts'
import type { Progress } from '../connection/upload.ts'
import { NotFoundError, ServerError } from '../errors.ts'
import type { CallOptions } from '../operations/api.ts'
import { saveImage } from './image-file.ts'
import { isPath, kernelName, readProducts, type StreamFile, type StreamImage } from './stream-images.ts'

/** `url` is what `lxc remote add` takes, such as `https://cloud-images.ubuntu.com/releases`. */
export type SimpleStreamsOptions = (PublicServer | Bearer) &
  Common & {
    /**
     * Given, only signed lists are read (`.sjson` instead of `.json`): it verifies the signature of a whole list and returns
     * what was signed, or throws.
     */
    openSigned?: (signed: Buffer) => Promise<Buffer>
  }
export type FindOptions = CallOptions & {
  /** In the kernel's words or Debian's; this machine's unless said. */
  architecture?: string
  /** `container` unless said. */
  type?: StreamImage['type']
}

/** The longest list that is read, in bytes; Ubuntu's has 2 MB. */
const mostDocument = 64 * 1024 * 1024
const here = { x64: 'x86_64', arm64: 'aarch64', arm: 'armv7l', ia32: 'i686' } as Record<string, string>

/** One image server. It is told nothing but what is asked of it; redirects to other servers are not followed. */
export class SimpleStreams implements AsyncDisposable {
  readonly connection: Connection
  readonly #base: string
  readonly #openSigned: SimpleStreamsOptions['openSigned']

  /** Throws `InvalidRequestError`. */
  constructor({ bearer, openSigned, ...options }: SimpleStreamsOptions) {
    this.connection = new Connection(options, bearer === undefined ? undefined : new Token('Bearer ', bearer))
    this.#openSigned = openSigned
    this.#base = new URL(options.url).pathname.replace(/\/+$/, '')
  }

  /** Every image of the server, in each of its builds. Throws `ServerError` where it does not speak simplestreams. */
  async list(limits: CallOptions = {}): Promise<StreamImage[]> {
    using limit = new Deadline(limits, `images of ${this.connection.server}`)
    const { index } = (await this.#document('streams/v1/index.json', limit.signal)) as {
      index?: Record<string, { datatype?: string; path?: string }>
    }
    const images: StreamImage[] = []
    for (const { datatype, path } of Object.values(index ?? {}))
      if (datatype === 'image-downloads' && isPath(path))
        images.push(...readProducts(await this.#document(path, limit.signal)))
    return images
  }

  /** The newest image with this alias or fingerprint, such as `24.04`. Throws `NotFoundError`. */
  async find(name: string, { architecture, type = 'container', ...limits }: FindOptions = {}): Promise<StreamImage> {
    const wanted = kernelName(architecture ?? here[arch()] ?? arch())
    const found = (await this.list(limits)).filter(
      (image) =>
        image.fingerprint === name ||
        (image.aliases.includes(name) && image.architecture === wanted && image.type === type),
    )
    // Root file systems of the same build are in the order of preference.
    const newest = found.reduce<StreamImage | undefined>(
      (best, one) => (best && best.version >= one.version ? best : one),
      undefined,
    )
    if (newest) return newest
    throw new NotFoundError(`${this.connection.server} has no ${type} image ${name} for ${wanted}`, {
      code: 'not-found',
    })
  }

  /**
   * Writes an image to a file. It is there under its name only when its SHA-256 was found to be the fingerprint; before, and
   * when anything goes wrong, nothing is there. Of an image in two parts the file is the metadata tarball and `FILE.root`
   * the other one.
   */
  async download(
    image: StreamImage,
    file: string,
    { onProgress, ...limits }: CallOptions & { onProgress?: (progress: Progress) => void } = {},
  ): Promise<{ fingerprint: string; files: string[] }> {
    const { fingerprint, files, size } = image
    using limit = new Deadline(limits, `image ${fingerprint} of ${this.connection.server}`)
    const { signal } = limit
    const pieces = this.#pieces(files, signal)
    return await saveImage(pieces, file, { fingerprint, size, signal, onChunk: counter(onProgress, size) })
  }

  async *#pieces(files: StreamFile[], signal?: AbortSignal): AsyncGenerator<Readable> {
    for (const { path } of files) {
      const body = await this.#get(path, signal)
      try {
        yield body
      } finally {
        body.destroy()
      }
    }
  }

  async #document(path: string, signal?: AbortSignal): Promise<object> {
    const chunks: Buffer[] = []
    let size = 0
    const file = this.#openSigned ? path.replace(/\.json$/, '.sjson') : path
    for await (const chunk of (await this.#get(file, signal)) as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > mostDocument) throw new ServerError(`${path} of ${this.connection.server} is longer than 64 MiB`)
      chunks.push(chunk)
    }
    const whole = Buffer.concat(chunks)
    const text = this.#openSigned ? await this.#openSigned(whole) : whole
    try {
      const value: unknown = JSON.parse(text.toString())
      if (typeof value === 'object' && value !== null) return value
    } catch {
      // Told below.
    }
    throw new ServerError(`${path} of ${this.connection.server} is not JSON: it does not speak simplestreams`)
  }

  async #get(path: string, signal?: AbortSignal): Promise<Readable> {
    if (!isPath(path)) throw new ServerError(`${JSON.stringify(path)} is no path below the image server's folder`)
    const { body } = await this.connection.request('GET', `${this.#base}/${path}`, { raw: true, signal })
    return body
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
