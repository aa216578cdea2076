import { path } from '../connection/path.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { formatAmount, withAmounts } from './amounts.ts'
import { entitled, type GetOptions, listQuery } from './query.ts'
import type { Node, NodePatch, NodesPost } from './types.ts'

/** The machines that instances run on. */
export class AmsNodes {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list({ entitlements, ...options }: GetOptions = {}): Promise<Node[]> {
    return (await this.#api.getPage<Node>('/1.0/nodes', listQuery({ entitlements }), options)).items
  }

  /** Throws `NotFoundError`. */
  get(name: string, { entitlements, ...options }: GetOptions = {}): Promise<Node> {
    return this.#api.get(path`/1.0/nodes/${name}`, entitled(entitlements), options)
  }

  getWithEtag(name: string, options?: CallOptions): Promise<WithEtag<Node>> {
    return this.#api.getWithEtag(path`/1.0/nodes/${name}`, options)
  }

  /** Adds a machine whose LXD is reached at `address`. It trusts AMS by `trust_token`, before LXD 5.21 by `trust_password`. */
  add(body: NodesPost, options?: CallOptions): Promise<Operation> {
    return this.#api.start('POST', '/1.0/nodes', { body: written(body), ...options })
  }

  /** Changes what `body` names; `null` leaves it as it is. */
  update(name: string, body: NodePatch, { etag, ...options }: UpdateOptions = {}): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/nodes/${name}`, {
      body: written(body),
      headers: ifMatch(etag),
      ...options,
    })
  }

  /** `keepInCluster`: LXD's cluster keeps the machine. `force`: also with instances on it. */
  remove(name: string, options: CallOptions & { force?: boolean; keepInCluster?: boolean } = {}): Promise<Operation> {
    const { force = false, keepInCluster = false, ...rest } = options
    const body = { force, keep_in_cluster: keepInCluster }
    return this.#api.start('DELETE', path`/1.0/nodes/${name}`, { body, ...rest })
  }
}

/** Memory of a node is text. */
function written<T extends NodePatch>(body: T): T {
  return withAmounts(body, ['memory'], formatAmount)
}
