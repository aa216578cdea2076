// Temporary users of coturn (its `use-auth-secret`): whoever has the secret makes users without asking the server, and
// the user's name says when it ends. https://github.com/coturn/coturn/wiki/turnserver#turn-rest-api
import { createHmac } from 'node:crypto'
import { InvalidRequestError } from '../errors.ts'
import { checkSecrets } from './secret.ts'

/** `password` is not enumerable: printing, spreading or serialising a user leaves it out. */
export type TurnUser = { username: string; expires: Date; readonly password: string }

const dayS = 86_400
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/**
 * Makes a user for one viewer. coturn refuses new allocations after `ttlSeconds`; those that run then go on.
 * @param secret the newest of the secrets that coturn knows
 * @param ttlSeconds from 1 second to a day
 * @throws {InvalidRequestError} for a name or a time that cannot be
 */
export function turnUser(secret: string, name: string, ttlSeconds: number, now = new Date()): TurnUser {
  const [key] = checkSecrets([secret], 'TURN secret')
  if (!namePattern.test(name))
    throw new InvalidRequestError(`"${name}" is no name of a TURN user: up to 63 letters, digits, ".", "_" and "-"`)
  if (!(ttlSeconds >= 1 && ttlSeconds <= dayS))
    throw new InvalidRequestError(`a TURN user lives from 1 second to a day, not ${ttlSeconds} seconds`)
  const ends = Math.floor(now.getTime() / 1000 + ttlSeconds)
  const username = `${ends}:${name}`
  // SHA-1 is coturn's choice and cannot be changed; as HMAC it is not broken.
  const password = createHmac('sha1', key).update(username).digest('base64')
  const user = { username, expires: new Date(ends * 1000), password: '' }
  return Object.defineProperty(user, 'password', { value: password, enumerable: false, writable: false })
}
