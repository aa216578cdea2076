// How a backup is encrypted: AES-256-GCM under a key that scrypt makes of a passphrase, or that only the holder of a
// certificate's private key can find (RSA-OAEP, or ECDH with a key used once).
//
// A file is two lines, "anbox-pki-backup 1" and a header in JSON, then the ciphertext and its tag. The tag covers both lines.
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  scrypt,
  X509Certificate,
} from 'node:crypto'
import { BackupRefusedError, InvalidRequestError } from '../errors.ts'
import { fingerprintOf } from './certificate.ts'

/** To whom a backup is closed. */
export type BackupLock = { passphrase: string } | { certificate: string }
/** What opens it. */
export type BackupKey = { passphrase: string } | { key: KeyObject }

type Protection =
  | { by: 'passphrase'; salt: string }
  | { by: 'rsa-oaep'; certificate: string; wrapped: string }
  | { by: 'ecdh'; certificate: string; ephemeral: string }

const magic = 'anbox-pki-backup 1'
// 128 MiB and about half a second for each guess.
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 }
const shortest = 12
const tagBytes = 16

/** @throws {InvalidRequestError} when nothing can be closed with it */
export function checkLock(lock: BackupLock): void {
  if ('certificate' in lock) parse(lock.certificate)
  else if (lock.passphrase.length < shortest)
    throw new InvalidRequestError(`a backup wants a passphrase of ${shortest} characters or more: it holds CA keys`)
}

export async function sealBackup(payload: Buffer, lock: BackupLock): Promise<Buffer> {
  const { key, protection } = await close(lock)
  const nonce = randomBytes(12)
  const header = JSON.stringify({ createdAt: new Date().toISOString(), nonce: nonce.toString('base64'), protection })
  const lines = Buffer.from(`${magic}\n${header}\n`)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(lines)
  return Buffer.concat([lines, cipher.update(payload), cipher.final(), cipher.getAuthTag()])
}

/** @throws {BackupRefusedError} when it is no backup, was changed, or is closed to this passphrase or key */
export async function openBackup(file: Buffer, opener: BackupKey): Promise<{ payload: Buffer; createdAt: string }> {
  const first = file.indexOf(10)
  const second = file.indexOf(10, first + 1)
  if (first < 0 || second < 0 || file.toString('utf8', 0, first) !== magic || file.length < second + 1 + tagBytes)
    throw new BackupRefusedError('this is not a backup of an authority (version 1)')
  try {
    const { createdAt, nonce, protection } = JSON.parse(file.toString('utf8', first + 1, second))
    const key = await open(protection, opener)
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'))
    decipher.setAAD(file.subarray(0, second + 1)).setAuthTag(file.subarray(-tagBytes))
    const payload = Buffer.concat([decipher.update(file.subarray(second + 1, -tagBytes)), decipher.final()])
    return { payload, createdAt: String(createdAt) }
  } catch (error) {
    if (error instanceof BackupRefusedError) throw error
    const what = 'passphrase' in opener ? 'passphrase' : 'key'
    throw new BackupRefusedError(`the ${what} does not open this backup, or the backup was changed`)
  }
}

async function close(lock: BackupLock): Promise<{ key: Buffer; protection: Protection }> {
  if ('passphrase' in lock) {
    const salt = randomBytes(16)
    return {
      key: await stretch(lock.passphrase, salt),
      protection: { by: 'passphrase', salt: salt.toString('base64') },
    }
  }
  const { publicKey, certificate } = parse(lock.certificate)
  if (publicKey.asymmetricKeyType === 'rsa') {
    const key = randomBytes(32)
    const wrapped = publicEncrypt({ key: publicKey, ...oaep }, key).toString('base64')
    return { key, protection: { by: 'rsa-oaep', certificate, wrapped } }
  }
  const once = generateKeyPairSync('ec', { namedCurve: publicKey.asymmetricKeyDetails?.namedCurve ?? '' })
  const ephemeral = once.publicKey.export({ type: 'spki', format: 'der' })
  const key = agree(once.privateKey, publicKey, ephemeral)
  return { key, protection: { by: 'ecdh', certificate, ephemeral: ephemeral.toString('base64') } }
}

async function open(protection: Protection, opener: BackupKey): Promise<Buffer> {
  if (protection.by === 'passphrase') {
    if ('passphrase' in opener) return stretch(opener.passphrase, Buffer.from(protection.salt, 'base64'))
    throw new BackupRefusedError('this backup is encrypted to a passphrase, not to a certificate')
  }
  if (!('key' in opener))
    throw new BackupRefusedError(`this backup is encrypted to the certificate ${protection.certificate}: name its key`)
  if (protection.by === 'rsa-oaep')
    return privateDecrypt({ key: opener.key, ...oaep }, Buffer.from(protection.wrapped, 'base64'))
  const ephemeral = Buffer.from(protection.ephemeral, 'base64')
  return agree(opener.key, createPublicKey({ key: ephemeral, format: 'der', type: 'spki' }), ephemeral)
}

const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const

function agree(privateKey: KeyObject, publicKey: KeyObject, ephemeral: Buffer): Buffer {
  const shared = diffieHellman({ privateKey, publicKey })
  return Buffer.from(hkdfSync('sha256', shared, ephemeral, magic, 32))
}

function stretch(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize('NFC'), salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key))),
  )
}

function parse(pem: string): { publicKey: KeyObject; certificate: string } {
  let parsed: X509Certificate
  try {
    parsed = new X509Certificate(pem)
  } catch {
    throw new InvalidRequestError('this is not a certificate in PEM')
  }
  const { publicKey } = parsed
  if (publicKey.asymmetricKeyType !== 'rsa' && publicKey.asymmetricKeyType !== 'ec')
    throw new InvalidRequestError('a backup can be encrypted to a certificate with an RSA or ECDSA key only')
  return { publicKey, certificate: fingerprintOf(parsed) }
}
