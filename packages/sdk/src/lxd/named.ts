import { path } from '../connection/path.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import { type ModifyOptions, modify } from '../operations/modify.ts'

/** What can be listed and looked at by name. */
export class Collection<T> {
  protected readonly api: Api
  protected readonly base: string

  /** `base` is a path such as `/1.0/profiles`. */
  constructor(api: Api, base: string) {
    this.api = api
    this.base = base
  }

  protected at(name: string): string {
    return this.base + path`/${name}`
  }

  list(options?: CallOptions): Promise<T[]> {
    return this.api.get<T[]>(this.base, { recursion: 1 }, options)
  }

  /** Throws `NotFoundError`. */
  get(name: string, options?: CallOptions): Promise<T> {
    return this.api.get<T>(this.at(name), {}, options)
  }
}

/** What can be changed besides. */
export class Editable<T, Put> extends Collection<T> {
  getWithEtag(name: string, options?: CallOptions): Promise<WithEtag<T>> {
    return this.api.getWithEtag<T>(this.at(name), options)
  }

  /** Replaces what can be changed: what `body` leaves out is removed. */
  async update(name: string, body: Put, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.api.send('PUT', this.at(name), { body, headers: ifMatch(etag), ...options })
  }

  /** Changes what `body` names, of `config` key by key. */
  async patch(name: string, body: Partial<Put>, { etag, ...options }: UpdateOptions = {}): Promise<void> {
    await this.api.send('PATCH', this.at(name), { body, headers: ifMatch(etag), ...options })
  }

  /** Lets `change` work on a copy and writes it back, again where somebody else was faster. Nothing is sent for no change. */
  modify(name: string, change: (draft: T) => void | Promise<void>, options?: ModifyOptions): Promise<T> {
    return modify(this.api, this.at(name), change, options)
  }
}

/** Things that are made and deleted at once: projects, profiles, networks, storage pools, … */
export class Named<T, Create, Put> extends Editable<T, Put> {
  /** Throws `ConflictError`, or `InvalidRequestError` where LXD says so, when the name is taken. */
  async create(body: Create, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.base, { body, ...options })
  }

  async delete(name: string, options?: CallOptions): Promise<void> {
    await this.api.send('DELETE', this.at(name), options)
  }
}
