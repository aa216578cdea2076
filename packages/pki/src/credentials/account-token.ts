// Tokens of the stream gateway's service accounts, in the format of Canonical's: a macaroon of the gateway's location,
// the account as identifier, and one caveat that is the time of its end.
import { InvalidRequestError } from '../errors.ts'
import { decodeMacaroon, encodeMacaroon, isSignedBy, signMacaroon } from './macaroon.ts'
import { checkSecrets } from './secret.ts'

const location = 'anbox-stream-gateway'
const accountPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/
const mostCaveats = 8

export type AccountToken = { account: string; expires: Date }
export type AccountVerdict = ({ ok: true } & AccountToken) | { ok: false; reason: string }

/**
 * Mints a token. It is shown once and stored nowhere: who has the secret can always mint another one.
 * @param secret the newest of the gateway's root secrets
 * @throws {InvalidRequestError} for an account or a time that cannot be
 */
export function mintAccountToken(secret: string, { account, expires }: AccountToken): string {
  const [key] = checkSecrets([secret], 'gateway secret')
  if (!accountPattern.test(account))
    throw new InvalidRequestError(`"${account}" is no account: up to 63 letters, digits, ".", "_" and "-"`)
  if (!(expires > new Date())) throw new InvalidRequestError('a token must end in the future')
  const content = { location, identifier: account, caveats: [`${expires.toISOString().slice(0, 19)}Z`] }
  return encodeMacaroon({ ...content, signature: signMacaroon(key, content) })
}

/**
 * Judges a token. Its holder may have narrowed it with an earlier time; what says anything else is refused.
 * @param options.secrets the valid root secrets, the newest first
 * @param options.isAccount whether the account exists still: a token says nothing about that
 * @throws {InvalidRequestError} without a secret
 */
export function verifyAccountToken(
  token: string,
  options: { secrets: readonly string[]; isAccount: (account: string) => boolean; now?: Date },
): AccountVerdict {
  const secrets = checkSecrets(options.secrets, 'gateway secret')
  const macaroon = decodeMacaroon(token)
  if (!macaroon || macaroon.location !== location || macaroon.caveats.length > mostCaveats)
    return { ok: false, reason: 'not a token of the stream gateway' }
  // Nothing in it is true before this line.
  if (!secrets.some((secret) => isSignedBy(secret, macaroon)))
    return { ok: false, reason: 'signed with another secret, or changed' }
  const ends = macaroon.caveats.map((caveat) => (timePattern.test(caveat) ? Date.parse(caveat) : Number.NaN))
  const end = Math.min(...ends)
  if (ends.length === 0 || Number.isNaN(end)) return { ok: false, reason: 'it says something else than when it ends' }
  const expires = new Date(end)
  if (expires <= (options.now ?? new Date())) return { ok: false, reason: `it ended on ${expires.toISOString()}` }
  const account = macaroon.identifier
  if (!options.isAccount(account)) return { ok: false, reason: `there is no account "${account}"` }
  return { ok: true, account, expires }
}
