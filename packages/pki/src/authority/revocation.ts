// What was revoked: DIRECTORY/PURPOSE/revoked/SERIAL.json, written once and never taken back.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AuthorityDamagedError, InvalidRequestError } from '../errors.ts'
import { checkPurpose, type Purpose } from './profile.ts'
import { readIfThere } from './storage.ts'

/** The reasons of RFC 5280, 5.3.1 that an end certificate can have and that are never taken back, with their numbers. */
export const reasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const
export type Reason = keyof typeof reasons

export type Revocation = {
  purpose: Purpose
  serial: string
  fingerprint: string
  name: string
  reason: Reason
  revokedAt: Date
  /** When the certificate ends by itself. */
  notAfter: Date
}

export function checkReason(text: string): Reason {
  if (!Object.hasOwn(reasons, text))
    throw new InvalidRequestError(`"${text}" is no reason: use ${Object.keys(reasons).join(', ')}`)
  return text as Reason
}

/** The records of one directory. Each file is read once in the life of this object. */
export class Revocations {
  readonly #directory: string
  readonly #read = new Map<string, Revocation>()

  constructor(directory: string) {
    this.#directory = directory
  }

  async list(): Promise<Revocation[]> {
    const files = await readdir(this.#directory).catch(ignoreMissing)
    for (const file of files.filter((file) => file.endsWith('.json') && !this.#read.has(file))) {
      const path = join(this.#directory, file)
      const text = await readIfThere(path)
      if (text !== undefined) this.#read.set(file, parse(text, path))
    }
    return [...this.#read.values()]
  }
}

function parse(text: string, path: string): Revocation {
  try {
    const { purpose, serial, fingerprint, name, reason, revokedAt, notAfter } = JSON.parse(text)
    const [at, end] = [new Date(revokedAt), new Date(notAfter)]
    if ([at, end].some((date) => Number.isNaN(date.getTime()))) throw new Error('a date is none')
    const texts = { serial: String(serial), fingerprint: String(fingerprint), name: String(name) }
    return { purpose: checkPurpose(purpose), ...texts, reason: checkReason(reason), revokedAt: at, notAfter: end }
  } catch (cause) {
    throw new AuthorityDamagedError(`${path} is not the record of a revocation; restore it from a backup`, { cause })
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
