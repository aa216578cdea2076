import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import type { ImageMetadata } from './types.ts'

/** What an instance took over from its image: properties, and templates of files that LXD fills in. */
export class InstanceMetadata {
  readonly #api: Api
  readonly #at: string

  constructor(api: Api, instance: string) {
    this.#api = api
    this.#at = path`/1.0/instances/${instance}/metadata`
  }

  get(options?: CallOptions): Promise<ImageMetadata> {
    return this.#api.get(this.#at, {}, options)
  }

  getWithEtag(options?: CallOptions): Promise<WithEtag<ImageMetadata>> {
    return this.#api.getWithEtag(this.#at, options)
  }

  async update(body: ImageMetadata, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PUT', this.#at, { body, headers: ifMatch(etag), ...options })
  }

  async patch(body: ImageMetadata, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.#api.send('PATCH', this.#at, { body, headers: ifMatch(etag), ...options })
  }

  /** The names of the templates. */
  async templates(options?: CallOptions): Promise<string[]> {
    return (await this.#api.get<string[] | null>(`${this.#at}/templates`, {}, options)) ?? []
  }

  /** The stream has to be read or destroyed. */
  async template(file: string, options?: CallOptions): Promise<Readable> {
    return (await this.#api.raw('GET', `${this.#at}/templates`, { query: { path: file }, ...options })).body
  }

  async putTemplate(file: string, text: string, options?: CallOptions): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream' }
    const request = { query: { path: file }, stream: Buffer.from(text), headers, ...options }
    await this.#api.send('POST', `${this.#at}/templates`, request)
  }

  async deleteTemplate(file: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', `${this.#at}/templates`, { query: { path: file }, ...options })
  }
}
