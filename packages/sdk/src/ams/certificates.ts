import { X509Certificate } from 'node:crypto'
import { path } from '../connection/path.ts'
import { InvalidRequestError } from '../errors.ts'
import type { Api, CallOptions, WithEtag } from '../operations/api.ts'
import type { Certificate } from './types.ts'

/** The certificates whose holders the server trusts. */
export class AmsCertificates {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  async list(options?: CallOptions): Promise<Certificate[]> {
    return (await this.#api.getPage<Certificate>('/1.0/certificates', { recursion: 1 }, options)).items
  }

  /** By the hex SHA-256 of its DER. Throws `NotFoundError`. */
  get(fingerprint: string, options?: CallOptions): Promise<Certificate> {
    return this.#api.get(path`/1.0/certificates/${fingerprint}`, {}, options)
  }

  getWithEtag(fingerprint: string, options?: CallOptions): Promise<WithEtag<Certificate>> {
    return this.#api.getWithEtag(path`/1.0/certificates/${fingerprint}`, options)
  }

  /**
   * Makes the server trust the holder of a certificate: exactly one, PEM. A caller that is not trusted itself needs the
   * server's trust password. Throws `ForbiddenError` and `ConflictError`.
   */
  async add(pem: string, { trustPassword, ...options }: CallOptions & { trustPassword?: string } = {}): Promise<void> {
    // Of a chain the server would choose one, perhaps its CA, and trust all that it signed.
    if (pem.split('-----BEGIN CERTIFICATE-----').length !== 2) {
      throw new InvalidRequestError('give exactly one certificate, in PEM', { code: 'invalid-request' })
    }
    const certificate = new X509Certificate(pem).raw.toString('base64')
    const body = trustPassword === undefined ? { certificate } : { certificate, 'trust-password': trustPassword }
    await this.#api.send('POST', '/1.0/certificates', { body, ...options })
  }

  async delete(fingerprint: string, options?: CallOptions): Promise<void> {
    await this.#api.send('DELETE', path`/1.0/certificates/${fingerprint}`, options)
  }
}
