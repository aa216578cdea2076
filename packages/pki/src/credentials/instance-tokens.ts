// Tokens with which an instance speaks to AMS or to its agent, good for that instance only.
//
// Every instance has a secret of its own, DIRECTORY/INSTANCE.secret (0600), which signs its tokens. Deleting the
// instance deletes the secret, and no token of it can be verified any more: not even by an instance made later under
// the same name. The file is read at each verification, so a revocation by another process holds at once.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  privateDirectory,
  readIfThere,
  refuseOpen,
  sweepTemporary,
  syncDirectory,
  writeNew,
} from '../authority/storage.ts'
import { InvalidRequestError } from '../errors.ts'
import { isSignedJwt, readClaims, signJwt } from './jwt.ts'
import { makeSecret } from './secret.ts'

export type InstanceAudience = 'ams' | 'agent'
export type InstanceVerdict =
  | { ok: true; instance: string; audience: InstanceAudience; expires: Date }
  | { ok: false; reason: string }

const issuer = 'anbox-edge'
const audiences: readonly unknown[] = ['ams', 'agent'] satisfies InstanceAudience[]
const yearS = 365 * 86_400
const instancePattern = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/
const suffix = '.secret'

/**
 * Opens the secrets of the instances of one machine.
 * @throws {UnsafeDirectoryError} when others may enter the directory
 */
export async function openInstanceTokens(directory: string): Promise<InstanceTokens> {
  await privateDirectory(directory)
  await sweepTemporary(directory)
  return new InstanceTokens(directory)
}

export class InstanceTokens {
  readonly #directory: string
  constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Makes a token for an instance, and its secret if it has none yet.
   * @param ttlSeconds a year unless said, which is also the most
   * @throws {InvalidRequestError} for an instance or a time that cannot be
   */
  async issue(instance: string, audience: InstanceAudience, ttlSeconds = yearS): Promise<string> {
    const path = this.#path(instance)
    if (!audiences.includes(audience))
      throw new InvalidRequestError(`an instance speaks to ams or agent, not ${audience}`)
    if (!(ttlSeconds >= 1 && ttlSeconds <= yearS))
      throw new InvalidRequestError(`a token lives from 1 second to a year, not ${ttlSeconds} seconds`)
    const now = Math.floor(Date.now() / 1000)
    const secret = (await readIfThere(path)) ?? (await this.#make(path))
    return signJwt(secret, { iss: issuer, sub: instance, aud: audience, iat: now, exp: now + Math.floor(ttlSeconds) })
  }

  /** Judges a token that was sent to `audience`. */
  async verify(token: string, audience: InstanceAudience, now = new Date()): Promise<InstanceVerdict> {
    const claims = readClaims(token)
    const instance = claims?.sub
    if (!claims || typeof instance !== 'string' || !instancePattern.test(instance))
      return { ok: false, reason: 'not a token of an instance' }
    await refuseOpen(this.#directory)
    const secret = await readIfThere(this.#path(instance))
    // One answer for both: a stranger need not learn which instances there are.
    if (!secret || !isSignedJwt(secret, token))
      return { ok: false, reason: 'the instance is gone, or the token was not made for it' }
    if (claims.iss !== issuer || claims.aud !== audience)
      return { ok: false, reason: `it is a token for "${claims.aud}", not for ${audience}` }
    if (typeof claims.exp !== 'number' || claims.exp * 1000 <= now.getTime())
      return { ok: false, reason: 'it has ended' }
    return { ok: true, instance, audience, expires: new Date(claims.exp * 1000) }
  }

  /** Ends every token of an instance, for good and at once. @returns whether it had any */
  async revoke(instance: string): Promise<boolean> {
    const path = this.#path(instance)
    const had = (await readIfThere(path)) !== undefined
    await rm(path, { force: true })
    await syncDirectory(this.#directory)
    return had
  }

  /** The instances that have a secret: whatever is not alive among them is to be revoked. */
  async list(): Promise<string[]> {
    const names = await readdir(this.#directory)
    return names
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length))
      .sort()
  }

  async #make(path: string): Promise<string> {
    const made = makeSecret()
    if (await writeNew(path, made, 'secret')) return made
    return (await readIfThere(path)) ?? made
  }

  #path(instance: string): string {
    if (!instancePattern.test(instance))
      throw new InvalidRequestError(`"${instance}" is no instance: up to 63 letters, digits and "-"`)
    return join(this.#directory, `${instance}${suffix}`)
  }
}
