import { X509Certificate } from 'node:crypto'
import { path } from '../connection/path.ts'
import type { Api, CallOptions, Page } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { entitled, type GetOptions, listQuery, type Paging } from './query.ts'
import type { Identity, IdentityPost } from './types.ts'

export type AmsIdentityFilter = Paging & { id?: string; auth_type?: 'oidc' | 'tls' }

/** Who may talk to the server: by client certificate or by OpenID Connect. */
export class AmsIdentities {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list(filter?: AmsIdentityFilter, options?: CallOptions): Promise<Identity[]> {
    return (await this.page(filter, options)).items
  }

  /** As `list`, and how many there are in all, whatever `limit` says. */
  page(filter: AmsIdentityFilter = {}, options?: CallOptions): Promise<Page<Identity>> {
    return this.#api.getPage('/1.0/auth/identities', listQuery(filter), options)
  }

  /** Throws `NotFoundError`. */
  get(id: string, { entitlements, ...options }: GetOptions = {}): Promise<Identity> {
    return this.#api.get(path`/1.0/auth/identities/${id}`, entitled(entitlements), options)
  }

  /** `oidc` by e-mail, `tls` by certificate: PEM, or base64 of its DER. */
  create({ certificate, ...body }: IdentityPost, options?: CallOptions): Promise<Operation> {
    const sent = certificate ? { ...body, certificate: derOf(certificate) } : body
    return this.#api.start('POST', '/1.0/auth/identities', { body: sent, ...options })
  }

  /** Replaces the groups it is a member of; fulfilled when that is done. */
  async setGroups(id: string, groups: string[], options?: CallOptions): Promise<void> {
    await this.#api.send('PUT', path`/1.0/auth/identities/${id}`, { body: { groups }, ...options })
  }

  async delete(id: string, { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/auth/identities/${id}`, { body: { force }, ...options })
  }
}

function derOf(certificate: string): string {
  return certificate.includes('-----BEGIN') ? new X509Certificate(certificate).raw.toString('base64') : certificate
}
