import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { path } from '../connection/path.ts'
import type { Reply } from '../connection/reply.ts'
import { ServerError } from '../errors.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { ownHeader, ownHeaders } from './headers.ts'
import { type PushOptions, pullTree, pushTree, type TransferOptions, type Transferred } from './transfer.ts'

export type FileOwner = {
  /** Permissions, such as 0o644. */
  mode?: number
  uid?: number
  gid?: number
}
type Attributes = Required<FileOwner>
export type InstanceFile =
  | (Attributes & { type: 'file'; stream: Readable; size?: number })
  | (Attributes & { type: 'directory'; entries: string[] })
  /** LXD tells a link's target as an absolute path. */
  | (Attributes & { type: 'symlink'; target: string })

/** Files in an instance, running or not, by absolute path. */
export class InstanceFiles {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** A file's `stream` has to be read or destroyed. Throws `NotFoundError`. */
  async get(name: string, file: string, options?: CallOptions): Promise<InstanceFile> {
    const at = path`/1.0/instances/${name}/files`
    const reply = await this.#api.raw('GET', at, { query: { path: file }, ...options })
    const { headers } = reply
    const attributes = attributesOf(headers)
    switch (ownHeader(headers, 'type')) {
      case 'directory':
        return { ...attributes, type: 'directory', entries: await entries(reply) }
      case 'symlink':
        return { ...attributes, type: 'symlink', target: await text(reply.body) }
      default: {
        const size = Number(headers['content-length'] ?? Number.NaN)
        return { ...attributes, type: 'file', stream: reply.body, ...(Number.isNaN(size) ? {} : { size }) }
      }
    }
  }

  /** What there is under a path, and whose: without its content. Throws `NotFoundError`. */
  async stat(
    name: string,
    file: string,
    options?: CallOptions,
  ): Promise<Required<FileOwner> & { type: 'file' | 'directory' | 'symlink'; size?: number }> {
    const at = path`/1.0/instances/${name}/files`
    const { body, headers } = await this.#api.raw('HEAD', at, { query: { path: file }, ...options })
    body.resume()
    const size = Number(headers['content-length'] ?? Number.NaN)
    const type = ownHeader(headers, 'type')
    const known = type === 'directory' || type === 'symlink' ? type : 'file'
    return { ...attributesOf(headers), type: known, ...(known === 'file' && !Number.isNaN(size) && { size }) }
  }

  /** Writes a file: a text, bytes, or a stream. `onChunk` is told the size of each piece as it is taken. */
  async put(
    name: string,
    file: string,
    source: string | Uint8Array | Readable,
    options: FileOwner & CallOptions & { onChunk?: (bytes: number) => void } = {},
  ): Promise<void> {
    const stream = typeof source === 'string' ? Buffer.from(source) : source
    const headers: Record<string, string> = {
      'content-type': 'application/octet-stream',
      ...ownHeaders({ type: 'file', write: 'overwrite', ...owner(options) }),
    }
    if (stream instanceof Uint8Array) headers['content-length'] = String(stream.byteLength)
    await this.#post(name, file, { stream, headers, onChunk: options.onChunk, ...limitsOf(options) })
  }

  /** Makes a directory; one that is there already is left as it is. Its parent has to be there. */
  async mkdir(name: string, directory: string, options: FileOwner & CallOptions = {}): Promise<void> {
    const headers = ownHeaders({ type: 'directory', ...owner(options) })
    await this.#post(name, directory, { headers, ...limitsOf(options) })
  }

  async symlink(name: string, link: string, target: string, options?: CallOptions): Promise<void> {
    await this.#post(name, link, { stream: Buffer.from(target), headers: ownHeaders({ type: 'symlink' }), ...options })
  }

  /**
   * Copies all that is in a folder of the instance into a local one. Each file is there whole or not at all; nothing is written
   * outside of `to`, whatever the instance says and whatever links are there. LXD tells links as absolute paths.
   */
  pull(name: string, from: string, to: string, options?: TransferOptions): Promise<Transferred> {
    return pullTree(this, name, from, to, options)
  }

  /** Copies all that is in a local folder into one of the instance. Links are copied as links. */
  push(name: string, from: string, to: string, options?: PushOptions): Promise<Transferred> {
    return pushTree(this, name, from, to, options)
  }

  /** Removes a file or an empty directory. */
  async delete(name: string, file: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/instances/${name}/files`, { query: { path: file }, ...options })
  }

  async #post(
    name: string,
    file: string,
    options: CallOptions & {
      stream?: Uint8Array | Readable
      headers: Record<string, string>
      onChunk?: (bytes: number) => void
    },
  ): Promise<void> {
    await this.#api.send('POST', path`/1.0/instances/${name}/files`, { query: { path: file }, ...options })
  }
}

const limitsOf = ({ signal, deadline }: CallOptions): CallOptions => ({ signal, deadline })

function owner({ mode, uid, gid }: FileOwner): Record<string, string | undefined> {
  return { mode: mode?.toString(8).padStart(4, '0'), uid: uid?.toString(), gid: gid?.toString() }
}

/** Modes are octal text. */
function attributesOf(headers: Reply['headers']): Attributes {
  return {
    mode: Number.parseInt(ownHeader(headers, 'mode') ?? '0', 8) & 0o7777,
    uid: Number(ownHeader(headers, 'uid') ?? 0),
    gid: Number(ownHeader(headers, 'gid') ?? 0),
  }
}

async function entries(reply: Reply): Promise<string[]> {
  const { metadata } = JSON.parse(await text(reply.body)) as { metadata?: unknown }
  if (metadata === null) return []
  if (Array.isArray(metadata)) return metadata.map(String)
  throw new ServerError('the server did not list the directory')
}
