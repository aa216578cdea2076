import { path } from '../connection/path.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import type { Warning } from './types.ts'

/** `new` ones are shown to administrators, `acknowledged` ones no more; LXD itself calls one `resolved`. */
export type WarningStatus = 'new' | 'acknowledged'

export class LxdWarnings {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options?: CallOptions): Promise<Warning[]> {
    return this.#api.get('/1.0/warnings', { recursion: 1 }, options)
  }

  /** Throws `NotFoundError`. */
  get(uuid: string, options?: CallOptions): Promise<Warning> {
    return this.#api.get(path`/1.0/warnings/${uuid}`, {}, options)
  }

  getWithEtag(uuid: string, options?: CallOptions): Promise<WithEtag<Warning>> {
    return this.#api.getWithEtag(path`/1.0/warnings/${uuid}`, options)
  }

  async update(uuid: string, status: WarningStatus, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    const headers = ifMatch(etag)
    await this.#api.send('PUT', path`/1.0/warnings/${uuid}`, { body: { status }, headers, ...options })
  }

  async acknowledge(uuid: string, options?: CallOptions): Promise<void> {
    await this.#api.send('PATCH', path`/1.0/warnings/${uuid}`, { body: { status: 'acknowledged' }, ...options })
  }

  async delete(uuid: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/warnings/${uuid}`, options)
  }
}
