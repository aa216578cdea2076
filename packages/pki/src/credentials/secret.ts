// Secrets that two parties share, made here and never by a person.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { InvalidRequestError } from '../errors.ts'

/** Octets of a signing secret, as Anbox Cloud documents them for its own. */
export const secretLength = 64
/** 128 bits: what is shorter was made by a person, or cut off. */
const shortest = 16

/** 64 random octets in hexadecimal: free of every character that a configuration file could read as its own. */
export function makeSecret(): string {
  return randomBytes(secretLength).toString('hex')
}

/**
 * The secrets that are valid now, the newest first: while one is rotated there are two.
 * @throws {InvalidRequestError} without any, or with one that is too short; it is not repeated
 */
export function checkSecrets(secrets: readonly string[], what: string): readonly [string, ...string[]] {
  const [first, ...others] = secrets
  if (first === undefined) throw new InvalidRequestError(`there is no ${what}`)
  if (secrets.some((secret) => Buffer.byteLength(secret) < shortest))
    throw new InvalidRequestError(`a ${what} has at least ${shortest} octets`)
  return [first, ...others]
}

/** Whether two octet strings are the same, in a time that does not tell where they differ. */
export function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}
