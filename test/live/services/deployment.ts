// A deployment's CA, and the credentials of those who come to its servers: the right ones and the wrong ones.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Authority,
  type Component,
  type Credential,
  createAuthority,
  type Purpose,
  purposeOf,
  purposes,
  serverRequest,
} from '@anbox/pki'

const key = 'ecdsa-p256' as const
/** Seconds: long enough to be let in while it lasts. */
export const shortLife = 8

export class Deployment implements Disposable {
  readonly directory: string
  readonly authority: Authority
  readonly #stranger: Authority

  private constructor(directory: string, authority: Authority, stranger: Authority) {
    this.directory = directory
    this.authority = authority
    this.#stranger = stranger
  }

  static async create(): Promise<Deployment> {
    const directory = mkdtempSync(join(tmpdir(), 'services-'))
    const [authority, stranger] = await Promise.all(
      ['pki', 'stranger'].map((name) => createAuthority(join(directory, name), { key })),
    )
    if (!authority || !stranger) throw new Error('no authority')
    // For programs that want a file.
    writeFileSync(join(directory, 'root.crt'), authority.rootCertificate)
    return new Deployment(directory, authority, stranger)
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  get root(): string {
    return this.authority.rootCertificate
  }

  /** The one CA that the component's server is to know. */
  trust(component: Component): string {
    return this.authority.intermediate(purposeOf(component)).certificate
  }

  server(component: Component): Promise<Credential> {
    const names = { name: component, dns: ['localhost'], ip: ['127.0.0.1'], usual: key }
    return this.authority.issue(serverRequest(component, names))
  }

  client(purpose: Purpose, name: string, notAfter?: Date): Promise<Credential> {
    return this.authority.issue({ purpose, kind: 'client', name, key, ...(notAfter && { notAfter }) })
  }

  /** Everything of this deployment and of another that a service must not take for a client of its own. */
  async impostors(component: Component): Promise<Record<string, Credential>> {
    const own = purposeOf(component)
    const found: Record<string, Credential> = {}
    found['a certificate of another root'] = await this.#stranger.issue({
      purpose: own,
      kind: 'client',
      name: 'ann',
      key,
    })
    for (const purpose of purposes) {
      if (purpose !== own) found[`a certificate for ${purpose}`] = await this.client(purpose, 'ann')
    }
    found["a server's certificate"] = await this.authority.issue({
      ...{ purpose: own, kind: 'server', name: 'other', dns: ['other.example'], key },
    })
    return found
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}
