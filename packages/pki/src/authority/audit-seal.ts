// DIRECTORY/audit.seal: where the log ends, signed; and DIRECTORY/audit.key, which signs.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto'
import { join } from 'node:path'
import { AuditDamagedError } from '../errors.ts'
import { type Position, start } from './audit-line.ts'
import { keyToPem } from './key.ts'
import { readIfThere, replaceFile, writeNew } from './storage.ts'

export type AuditKeys = { private: KeyObject; public: KeyObject }

export async function readAuditKeys(directory: string): Promise<AuditKeys | undefined> {
  const path = join(directory, 'audit.key')
  const pem = await readIfThere(path)
  if (pem === undefined) return undefined
  try {
    const key = createPrivateKey(pem)
    return { private: key, public: createPublicKey(key) }
  } catch {
    throw new AuditDamagedError(`${path} is not a private key; restore it from a backup`)
  }
}

/** Makes key and seal of a log that has no line yet; each stands before the next is made. */
export async function beginSeal(directory: string): Promise<AuditKeys> {
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeNew(join(directory, 'audit.key'), keyToPem(privateKey), 'secret')
  const keys = await readAuditKeys(directory)
  if (!keys) throw new AuditDamagedError(`${join(directory, 'audit.key')} went away while it was read`)
  await writeSeal(directory, start, keys)
  return keys
}

/** @throws {AuditDamagedError} when it is not there, or was not written with this key */
export async function readSeal(directory: string, keys: AuditKeys): Promise<Position> {
  const path = join(directory, 'audit.seal')
  const text = await readIfThere(path)
  if (text === undefined) throw new AuditDamagedError(`${path} is missing; restore it from a backup`)
  try {
    const { lines, bytes, hash, signature } = JSON.parse(text)
    const position = { lines, bytes, hash }
    if (verify(null, sealed(position), keys.public, Buffer.from(signature, 'base64url'))) return position
  } catch {
    // Said below: it is damaged either way.
  }
  throw new AuditDamagedError(`${path} was changed; restore it from a backup`)
}

export async function writeSeal(directory: string, position: Position, keys: AuditKeys): Promise<void> {
  const signature = sign(null, sealed(position), keys.private).toString('base64url')
  await replaceFile(join(directory, 'audit.seal'), `${JSON.stringify({ ...position, signature })}\n`, 'public')
}

function sealed({ lines, bytes, hash }: Position): Buffer {
  return Buffer.from(`anbox-pki audit seal ${lines} ${bytes} ${hash}`)
}
