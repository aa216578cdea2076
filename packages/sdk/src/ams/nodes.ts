import { path } from '../connection/path.ts'
import type { Api, WithEtag } from '../operations/api.ts'
import { type CallOptions, ifMatch, type UpdateOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Node, NodePatch } from './types.ts'

/** The machines that instances run on. */
export class AmsNodes {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  list(options?: CallOptions): Promise<Node[]> {
    return this.#api.get('/1.0/nodes', { recursion: 1 }, options)
  }

  /** Throws `NotFoundError`. */
  get(name: string, options?: CallOptions): Promise<Node> {
    return this.#api.get(path`/1.0/nodes/${name}`, {}, options)
  }

  getWithEtag(name: string): Promise<WithEtag<Node>> {
    return this.#api.getWithEtag(path`/1.0/nodes/${name}`)
  }

  update(name: string, body: NodePatch, { etag, signal }: UpdateOptions = {}): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/nodes/${name}`, { body, headers: ifMatch(etag), signal })
  }
}
