import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { Named } from './named.ts'
import type { Certificate, CertificatePut, CertificatesPost } from './types.ts'

/** What a client needs to be trusted: hand `token` on as LXD writes it. */
export type TrustToken = {
  /** Base64 of JSON: it says who LXD is, where, and holds a secret. */
  token: string
  /** Until it is redeemed; cancelling takes it back. */
  operation: Operation
}

/** LXD's trust store, by fingerprint (SHA-256 of the certificate) or the beginning of one. */
export class LxdCertificates extends Named<Certificate, CertificatesPost, CertificatePut> {
  constructor(api: Api) {
    super(api, '/1.0/certificates')
  }

  /** Makes a token by which a client adds itself once. `restricted` and `projects` are those of its certificate. */
  async createToken(
    name: string,
    { restricted, projects, ...options }: CallOptions & { restricted?: boolean; projects?: string[] } = {},
  ): Promise<TrustToken> {
    const body = { name, type: 'client', token: true, restricted, projects }
    const operation = await this.api.start<TokenMetadata>('POST', '/1.0/certificates', { body, ...options })
    const { fingerprint = '', addresses = [], secret = '', expiresAt } = operation.metadata
    const content = { client_name: name, fingerprint, addresses, secret, expires_at: expiresAt }
    return { token: Buffer.from(JSON.stringify(content)).toString('base64'), operation }
  }
}

type TokenMetadata = { secret?: string; fingerprint?: string; addresses?: string[]; expiresAt?: string }
