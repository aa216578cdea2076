// A server may repeat what it was sent in what it says of it. Errors hold its words, and must not hold secrets.
import { AnboxError } from '../errors.ts'
import type { Query } from './path.ts'

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

/** What of a request is nobody's business: the token in its header, and what the query holds under these names. */
export function secretsIn(request: { headers?: Record<string, string>; query?: Query }): (string | undefined)[] {
  const named = ['secret', 'token', 'api_token', 'password'].map((name) => request.query?.[name])
  // All that stands behind the scheme: a token may hold `=` itself.
  const token = request.headers?.authorization?.replace(/^\w+ (root=)?/, '')
  return [token, ...named.map((value) => value?.toString())]
}
