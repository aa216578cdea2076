// Join tokens: each lets one machine enrol once, under names and rights that were fixed when it was made.
//
//   DIRECTORY/HASH.json          what it is for, and until when
//   DIRECTORY/HASH.bound.json    the key that used it first, and the serial that this key gets
//   DIRECTORY/HASH.revoked.json  when it was taken back
//
// Invariants: the token itself is nowhere, only its SHA-256, which is enough for 256 random bits; no file is ever
// changed; of several keys that use a token at once one is bound (link(2) decides), and its serial is chosen with that.
import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditLog } from '../authority/audit.ts'
import { makeSerial } from '../authority/certificate.ts'
import { privateDirectory, readIfThere, sweepTemporary, writeNew } from '../authority/storage.ts'
import { AuthorityDamagedError, InvalidRequestError, TokenMissingError } from '../errors.ts'
import { checkScope, type Scope, type ScopeRequest } from './scope.ts'

export type TokenRequest = ScopeRequest & {
  /** Seconds until it ends; 3600 unless said, at most 30 days. */
  ttlSeconds?: number
}
export type Binding = {
  /** SHA-256 of the public key (SubjectPublicKeyInfo in DER), in lower-case hexadecimal. */
  key: string
  serial: string
  at: Date
}
export type TokenRecord = {
  /** The first 16 digits of its hash: names it in lists and logs, and is no secret. */
  id: string
  scope: Scope
  createdAt: Date
  expiresAt: Date
  revokedAt?: Date
  bound?: Binding
}
/** An audit log, as far as it is needed here. */
type Audit = Pick<AuditLog, 'append'>
export type TokenState = 'open' | 'used' | 'expired' | 'revoked'

const prefix = 'anbox-join-'
const tokenPattern = /^anbox-join-[A-Za-z0-9_-]{43}$/
const filePattern = /^([0-9a-f]{64})\.json$/
const idPattern = /^[0-9a-f]{16}$/
const longestSeconds = 30 * 86_400

export class TokenStore {
  readonly #directory: string
  readonly #audit: Audit | undefined

  /**
   * @param directory made with mode 0700 when the first token is
   * @param audit told of each token that is made or taken back; the authority's, unless nobody needs to know
   */
  constructor(directory: string, audit?: Audit) {
    this.#directory = directory
    this.#audit = audit
  }

  /**
   * Makes a token. It is in the result only, not enumerable: printing the result leaves it out.
   * @throws {InvalidRequestError} for names, rights or times that cannot be
   */
  async create(request: TokenRequest): Promise<TokenRecord & { readonly token: string }> {
    const scope = checkScope(request)
    const ttlSeconds = request.ttlSeconds ?? 3600
    if (!(ttlSeconds > 0 && ttlSeconds <= longestSeconds))
      throw new InvalidRequestError(`a token lives up to ${longestSeconds} seconds, not ${ttlSeconds}`)
    await privateDirectory(this.#directory)
    await sweepTemporary(this.#directory)
    const token = prefix + randomBytes(32).toString('base64url')
    const createdAt = new Date()
    const expiresAt = new Date(createdAt.getTime() + ttlSeconds * 1000)
    const hash = hashOf(token)
    const record = { id: hash.slice(0, 16), scope, createdAt, expiresAt }
    await this.#note('token.created', record, { roles: scope.roles, until: expiresAt.toISOString() })
    await writeNew(this.#path(hash), json({ version: 1, scope, createdAt, expiresAt }), 'secret')
    return Object.defineProperty({ ...record, token: '' }, 'token', { value: token, enumerable: false })
  }

  /** The record of a token, also of one that has ended; nothing for a text that is no token of ours. */
  async find(token: string): Promise<TokenRecord | undefined> {
    return tokenPattern.test(token) ? this.#read(hashOf(token)) : undefined
  }

  /** Every token there was, the oldest first. */
  async list(): Promise<TokenRecord[]> {
    const found: TokenRecord[] = []
    for (const hash of await this.#hashes()) {
      const record = await this.#read(hash)
      if (record) found.push(record)
    }
    return found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())
  }

  /**
   * Takes a token back. What was enrolled with it stays.
   * @throws {TokenMissingError} when there is none with this id
   */
  async revoke(id: string): Promise<TokenRecord> {
    const hash = await this.#hashOf(id)
    const record = await this.#existing(hash)
    if (record.revokedAt) return record
    await this.#note('token.revoked', record)
    await writeNew(this.#path(hash, 'revoked'), json({ at: new Date() }), 'secret')
    return this.#existing(hash)
  }

  /** Binds a token to the first key that uses it, and gives the binding that stands: compare its key. */
  async bind(id: string, key: string): Promise<Binding> {
    const hash = await this.#hashOf(id)
    const binding = { key, serial: makeSerial(), at: new Date() }
    if (await writeNew(this.#path(hash, 'bound'), json(binding), 'secret')) return binding
    const { bound } = await this.#existing(hash)
    return bound ?? binding
  }

  /** In the log before it is done, as everything that the authority does. */
  async #note(action: string, { id, scope }: TokenRecord, details: Record<string, string | string[]> = {}) {
    await this.#audit?.append({ action, subject: scope.name, token: id, ...details })
  }

  async #read(hash: string): Promise<TokenRecord | undefined> {
    const texts = [undefined, 'bound', 'revoked'].map((part) => readIfThere(this.#path(hash, part)))
    const [record, bound, revoked] = await Promise.all(texts)
    if (record === undefined) return undefined
    try {
      const { scope, createdAt, expiresAt } = JSON.parse(record, date) as TokenRecord
      return {
        id: hash.slice(0, 16),
        scope,
        createdAt,
        expiresAt,
        ...(bound && { bound: JSON.parse(bound, date) as Binding }),
        ...(revoked && { revokedAt: (JSON.parse(revoked, date) as { at: Date }).at }),
      }
    } catch (cause) {
      throw new AuthorityDamagedError(`${this.#path(hash)} or a file beside it is damaged; restore it`, { cause })
    }
  }

  async #existing(hash: string): Promise<TokenRecord> {
    const record = await this.#read(hash)
    if (!record) throw new TokenMissingError(hash.slice(0, 16))
    return record
  }

  async #hashOf(id: string): Promise<string> {
    const found = idPattern.test(id) ? (await this.#hashes()).find((hash) => hash.startsWith(id)) : undefined
    if (!found) throw new TokenMissingError(id)
    return found
  }

  async #hashes(): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names.flatMap((name) => filePattern.exec(name)?.[1] ?? [])
  }

  #path(hash: string, part?: string): string {
    return join(this.#directory, part === undefined ? `${hash}.json` : `${hash}.${part}.json`)
  }
}

/** How a token stands. One that was used goes on to serve the same key until it ends. */
export function stateOf({ revokedAt, expiresAt, bound }: TokenRecord, now = new Date()): TokenState {
  if (revokedAt) return 'revoked'
  if (expiresAt <= now) return 'expired'
  return bound ? 'used' : 'open'
}

/** The id of a token. */
export function idOf(token: string): string {
  return hashOf(token).slice(0, 16)
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function json(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}

function date(key: string, value: unknown): unknown {
  return (key === 'at' || key.endsWith('At')) && typeof value === 'string' ? new Date(value) : value
}
