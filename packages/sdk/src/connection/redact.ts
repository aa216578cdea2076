// A server may repeat what it was sent in what it says of it. Errors hold its words, and must not hold secrets.
import { AnboxError } from '../errors.ts'

/** Shorter than that it is no secret, and would be found everywhere. */
const least = 6

/** The same error, with the secrets in its words blotted out. */
export function redacted(error: unknown, secrets: readonly (string | undefined)[]): unknown {
  if (!(error instanceof AnboxError)) return error
  for (const secret of secrets) {
    if (secret === undefined || secret.length < least) continue
    for (const key of ['message', 'server'] as const) {
      const words = error[key]
      if (words?.includes(secret)) Object.assign(error, { [key]: words.replaceAll(secret, '…') })
    }
  }
  return error
}
