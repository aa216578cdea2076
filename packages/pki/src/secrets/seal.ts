// Encryption at rest: AES-256-GCM. Every sealing has a key of its own, derived (HKDF-SHA-256, RFC 5869) from the store's key
// and 32 random bytes, so no nonce is ever used twice. What a thing is called is authenticated with it: one sealed thing
// put in place of another does not open.
//
//   sealed = salt (32) | ciphertext | tag (16)
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { InvalidRequestError, SecretsDamagedError } from '../errors.ts'

const saltLength = 32
const tagLength = 16
export const secretKeyLength = 32

/** The key of a store, which never shows its bytes. */
export class SecretKey {
  readonly #bytes: Buffer

  /** @throws {InvalidRequestError} unless it has 32 bytes */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== secretKeyLength)
      throw new InvalidRequestError(`the key of a store of secrets has ${secretKeyLength} bytes, not ${bytes.length}`)
    this.#bytes = Buffer.from(bytes)
  }

  seal(label: string, plain: string): Buffer {
    const salt = randomBytes(saltLength)
    const { key, nonce } = this.#derive(salt)
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength }).setAAD(Buffer.from(label))
    return Buffer.concat([salt, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws {SecretsDamagedError} when it was sealed with another key or under another label, or was changed */
  unseal(label: string, sealed: Uint8Array): string {
    const bytes = Buffer.from(sealed)
    try {
      const { key, nonce } = this.#derive(bytes.subarray(0, saltLength))
      const cipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
      cipher.setAAD(Buffer.from(label)).setAuthTag(bytes.subarray(-tagLength))
      const plain = cipher.update(bytes.subarray(saltLength, -tagLength))
      return Buffer.concat([plain, cipher.final()]).toString('utf8')
    } catch (cause) {
      throw new SecretsDamagedError(`${label} does not open: it was changed, or the key is another one`, { cause })
    }
  }

  #derive(salt: Uint8Array): { key: Buffer; nonce: Buffer } {
    const derived = Buffer.from(hkdfSync('sha256', this.#bytes, salt, 'anbox-pki secrets v1', secretKeyLength + 12))
    return { key: derived.subarray(0, secretKeyLength), nonce: derived.subarray(secretKeyLength) }
  }

  toJSON(): string {
    return '[secret key]'
  }

  [inspect.custom](): string {
    return '[secret key]'
  }
}
