// What the clients of LXD and AMS are made of: one connection, the operations on it, and what rides on every request.
import { randomUUID } from 'node:crypto'
import { text } from 'node:stream/consumers'
import type { Connection, Method, RequestOptions } from '../connection/connection.ts'
import { Deadline, type Limits, unlessAborted } from '../connection/deadline.ts'
import type { Query } from '../connection/path.ts'
import type { Envelope, Reply } from '../connection/reply.ts'
import { ServerError } from '../errors.ts'
import { Operation } from './operation.ts'
import { parseState } from './state.ts'
import type { Tracker } from './tracker.ts'

/** What every call takes. */
export type CallOptions = Limits
export type UpdateOptions = CallOptions & {
  /** Of `getWithEtag`: a thing that was changed since is left alone, and `PreconditionFailedError` thrown. */
  etag?: string
}

/** A thing and the ETag it had when it was read: give the ETag to `update`, and a change in between is not overwritten. */
export type WithEtag<T> = { value: T; etag: string | undefined }

/** A part of a collection, and how many there are in all. */
export type Page<T> = { items: T[]; total: number }

export class Api {
  readonly connection: Connection
  readonly tracker: Tracker
  /** Of LXD: `project` and `target`. */
  readonly query: Query

  constructor(tracker: Tracker, query: Query = {}) {
    this.tracker = tracker
    this.connection = tracker.connection
    this.query = query
  }

  async get<T>(path: string, query?: Query, options: CallOptions = {}): Promise<T> {
    const reply = await this.#request<T>('GET', path, { ...options, query })
    return enveloped('GET', path, reply).metadata
  }

  async getWithEtag<T>(path: string, options: CallOptions = {}, query?: Query): Promise<WithEtag<T>> {
    const reply = await this.#request<T>('GET', path, { ...options, query })
    return { value: enveloped('GET', path, reply).metadata, etag: reply.headers.etag }
  }

  /** A request whose answer is a file. */
  raw(method: Method, path: string, options: RequestOptions = {}): Promise<Reply> {
    return this.#request(method, path, { ...options, raw: true })
  }

  /** A small file, whole, and the headers that came with it. */
  async text(path: string, options: CallOptions = {}): Promise<{ text: string; headers: Reply['headers'] }> {
    using limit = this.#limit('GET', path, options)
    const { body, headers } = await this.raw('GET', path, { signal: limit.signal })
    return { text: await text(body), headers }
  }

  /** A part of a collection. A server written in Go may say null where there is none. */
  async getPage<T>(path: string, query: Query, options: CallOptions = {}): Promise<Page<T>> {
    const envelope = enveloped('GET', path, await this.#request<T[] | null>('GET', path, { ...options, query }))
    const items = envelope.metadata ?? []
    return { items, total: envelope.total_size ?? items.length }
  }

  /** A request that does its work at once, and where the server makes an operation of it, waits for that. */
  async send<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    using limit = this.#limit(method, path, options)
    const { signal } = limit
    const generation = this.tracker.feed.generation
    const envelope = enveloped(
      method,
      path,
      await this.#request<T>(method, path, { ...options, signal, deadline: undefined }),
    )
    if (envelope.type === 'async') await this.#operation(envelope, generation).wait({ signal })
    return envelope.metadata
  }

  /** A request that starts work. A server that did it at once is answered for by an operation that has ended. */
  async start<R = Record<string, unknown>>(
    method: Method,
    path: string,
    options: RequestOptions = {},
  ): Promise<Operation<R>> {
    using limit = this.#limit(method, path, options)
    const { signal } = limit
    const generation = await unlessAborted(this.tracker.feed.ready(), signal)
    const reply = await this.#request(method, path, { ...options, signal, deadline: undefined })
    return this.#operation<R>(enveloped(method, path, reply), generation)
  }

  /** The operation that `state` describes; `generation` is that of before it was asked for. */
  operation<R = Record<string, unknown>>(value: unknown, generation: number, url?: string): Operation<R> {
    const state = parseState(value)
    if (!state) throw new ServerError('the server described an operation without an id or a status', {})
    const record = this.tracker.adopt(state, generation)
    return new Operation<R>(this.tracker, record, url || `/1.0/operations/${state.id}`, this.query)
  }

  #operation<R>(envelope: Envelope, generation: number): Operation<R> {
    if (envelope.type === 'async') return this.operation(envelope.metadata, generation, envelope.operation)
    const state = { id: randomUUID(), class: 'task', status: 'Success', status_code: 200, metadata: envelope.metadata }
    return this.operation(state, generation)
  }

  #limit(method: Method, path: string, options: Limits): Deadline {
    return new Deadline(options, `${method} ${path} at ${this.connection.server}`)
  }

  #request<T>(method: Method, path: string, options: RequestOptions): Promise<Reply<T>> {
    return this.connection.request<T>(method, path, { ...options, query: { ...this.query, ...options.query } })
  }
}

function enveloped<T>(method: string, path: string, reply: Reply<T>): Envelope<T> {
  if (reply.envelope) return reply.envelope
  reply.body.destroy()
  throw new ServerError(`${method} ${path}: the server answered a file where its API's envelope was due`, {
    method,
    path,
    status: reply.status,
  })
}

/** ETags are opaque and quoted; they are sent as they came. */
export function ifMatch(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { 'if-match': etag }
}
