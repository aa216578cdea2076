// New secrets: random bytes of the kernel, in the alphabet that the consumer takes.
import { randomBytes } from 'node:crypto'
import { InvalidRequestError } from '../errors.ts'

export const secretFormats = ['base64url', 'base64', 'hex'] as const
export type SecretFormat = (typeof secretFormats)[number]

/** How a secret is made, now and at each rotation. */
export type Recipe = {
  /** 16 to 1024; 64 unless said, which is what the published components use. */
  bytes?: number
  /** `base64url` unless said: it needs no quoting in any configuration file. */
  format?: SecretFormat
}

/** @throws {InvalidRequestError} for a recipe that cannot be */
export function checkRecipe({ bytes = 64, format = 'base64url' }: Recipe): Required<Recipe> {
  if (!Number.isInteger(bytes) || bytes < 16 || bytes > 1024)
    throw new InvalidRequestError(`a secret is made of 16 to 1024 random bytes, not ${bytes}`)
  if (!secretFormats.includes(format))
    throw new InvalidRequestError(`"${format}" is no format: use ${secretFormats.join(', ')}`)
  return { bytes, format }
}

export function generate({ bytes, format }: Required<Recipe>): string {
  return randomBytes(bytes).toString(format)
}
