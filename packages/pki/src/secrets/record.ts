// What is known of one secret, and how it changes: pure, so that the store only has to keep it.
//
// Invariants: the current revision is the last one; a revision that is over holds no value any more once the record is
// written again; numbers only rise.
import { InvalidRequestError } from '../errors.ts'
import type { Recipe } from './generate.ts'

export type Grant = { to: string; relation: string; at: string }
export type Revision = {
  number: number
  createdAt: string
  /** The end by the secret's own life. */
  expiresAt?: string
  /** The end because a newer one took over. */
  supersededAt?: string
  /** Absent once it is over. */
  value?: string
}
/** To whom a revision was offered in another deployment. */
export type Offered = { id: string; revision: number; to: string; fingerprint: string; expiresAt: string }
/** Where an accepted secret came from. */
export type Origin = { producer: string; name: string; offer: string; revision: number }

export type SecretRecord = {
  version: 1
  name: string
  owner: string
  ttlSeconds?: number
  recipe?: Required<Recipe>
  origin?: Origin
  revisions: Revision[]
  grants: Grant[]
  offers: Offered[]
}

const longestHistory = 20
const longestValue = 65_536
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const partyPattern = /^[!-~]{1,200}$/

export function checkSecretName(name: string): string {
  if (!namePattern.test(name))
    throw new InvalidRequestError(
      `"${name}" is no name of a secret: up to 63 letters, digits, ".", "_" and "-", a letter or digit first`,
    )
  return name
}

/** Owners, consumers and relations: a name or a URI. */
export function checkParty(what: string, text: string): string {
  if (!partyPattern.test(text))
    throw new InvalidRequestError(`the ${what} must be 1 to 200 printable ASCII characters without spaces`)
  return text
}

export function checkSeconds(what: string, seconds: number): number {
  if (!Number.isFinite(seconds) || seconds < 0) throw new InvalidRequestError(`${what} must be 0 or more seconds`)
  return seconds
}

/** The value itself is never repeated. */
export function checkValue(value: string): string {
  if (value === '') throw new InvalidRequestError('the secret is empty')
  if (Buffer.byteLength(value) > longestValue)
    throw new InvalidRequestError(`the secret is longer than ${longestValue} bytes`)
  return value
}

export function currentOf(record: SecretRecord): Revision {
  const current = record.revisions.at(-1)
  if (!current) throw new InvalidRequestError(`"${record.name}" has no revision`)
  return current
}

export function endOf({ expiresAt, supersededAt }: Revision): Date | undefined {
  const ends = [expiresAt, supersededAt].flatMap((text) => (text ? [Date.parse(text)] : []))
  return ends.length > 0 ? new Date(Math.min(...ends)) : undefined
}

export function isOver(revision: Revision, now: Date): boolean {
  const end = endOf(revision)
  return revision.value === undefined || (end !== undefined && end <= now)
}

/** The record with a further revision; those before it stay valid for the overlap, at most until their own end. */
export function withRevision(
  record: SecretRecord,
  value: string,
  { now, overlapSeconds }: { now: Date; overlapSeconds: number },
): SecretRecord {
  const until = later(now, overlapSeconds)
  const before = record.revisions.map((one) => {
    const earlier = one.supersededAt !== undefined && one.supersededAt < until
    return { ...one, supersededAt: earlier ? one.supersededAt : until }
  })
  const revision: Revision = {
    number: (record.revisions.at(-1)?.number ?? 0) + 1,
    createdAt: now.toISOString(),
    ...(record.ttlSeconds === undefined ? {} : { expiresAt: later(now, record.ttlSeconds) }),
    value,
  }
  return { ...record, revisions: [...before, revision] }
}

/** Takes away the values that are over (an expired current one too) and the oldest history. */
export function pruned(record: SecretRecord, now: Date): SecretRecord {
  const revisions = record.revisions.slice(-longestHistory).map((one) => {
    if (!isOver(one, now)) return one
    const { value: _, ...rest } = one
    return rest
  })
  return {
    ...record,
    revisions,
    offers: record.offers.filter(({ expiresAt }) => Date.parse(expiresAt) > now.getTime()),
  }
}

function later(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString()
}
