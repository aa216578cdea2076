// Private keys: made and held by OpenSSL (node:crypto), handed to WebCrypto only for a signature.
import { createPrivateKey, generateKeyPair, type KeyObject, type webcrypto } from 'node:crypto'
import { promisify } from 'node:util'
import { InvalidRequestError } from '../errors.ts'

export const keyTypes = ['rsa-4096', 'ecdsa-p256', 'ecdsa-p384'] as const
export type KeyType = (typeof keyTypes)[number]

const generate = promisify(generateKeyPair)

export function isKeyType(text: string): text is KeyType {
  return (keyTypes as readonly string[]).includes(text)
}

/** Makes a private key. RSA takes from half a second to many seconds on a small machine. */
export async function makeKey(type: KeyType): Promise<KeyObject> {
  if (type === 'rsa-4096') return (await generate('rsa', { modulusLength: 4096 })).privateKey
  return (await generate('ec', { namedCurve: type === 'ecdsa-p256' ? 'P-256' : 'P-384' })).privateKey
}

/** The type of a key, or nothing if it is not one of ours. */
export function keyTypeOf(key: KeyObject): KeyType | undefined {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength === 4096) return 'rsa-4096'
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ecdsa-p256'
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'secp384r1') return 'ecdsa-p384'
  return undefined
}

/** PKCS#8 in PEM, not encrypted: for files of mode 0600 only. */
export function keyToPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/**
 * Reads a private key.
 * @throws {InvalidRequestError} for anything else; the text is not repeated
 */
export function keyFromPem(pem: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    throw new InvalidRequestError('this is not an unencrypted private key in PEM')
  }
}

type SigningKey = { key: webcrypto.CryptoKey; hash: string }
/** Handing a key over takes about as long as a signature with it. */
const signingKeys = new WeakMap<KeyObject, SigningKey>()

/** The key for WebCrypto's `sign`, not extractable, and the hash that fits its strength. */
export function signingKey(key: KeyObject): SigningKey {
  const known = signingKeys.get(key) ?? handOver(key)
  signingKeys.set(key, known)
  return known
}

function handOver(key: KeyObject): SigningKey {
  const type = keyTypeOf(key)
  if (!type) throw new InvalidRequestError(`a CA key must be one of ${keyTypes.join(', ')}`)
  if (type === 'rsa-4096') {
    return { key: key.toCryptoKey({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign']), hash: 'SHA-256' }
  }
  const namedCurve = type === 'ecdsa-p256' ? 'P-256' : 'P-384'
  const hash = type === 'ecdsa-p256' ? 'SHA-256' : 'SHA-384'
  return { key: key.toCryptoKey({ name: 'ECDSA', namedCurve }, false, ['sign']), hash }
}
