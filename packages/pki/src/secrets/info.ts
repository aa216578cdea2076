// What may be shown of a secret: everything but its value.
import { currentOf, endOf, type Grant, isOver, type Offered, type Origin, type SecretRecord } from './record.ts'

export type SecretInfo = {
  name: string
  owner: string
  revision: number
  /** `ended`: it has to be rotated before anybody can read it. */
  state: 'good' | 'ended'
  createdAt: Date
  until?: Date
  ttlSeconds?: number
  /** Made here by a recipe, and so rotated without anybody giving a value. */
  generated: boolean
  origin?: Origin
  grants: Grant[]
  /** Revisions before the current one that are good still. */
  overlapping: { revision: number; until: Date }[]
  /** Offers that can still be accepted. */
  offers: Offered[]
}

export function describe(record: SecretRecord, now = new Date()): SecretInfo {
  const current = currentOf(record)
  const until = endOf(current)
  return {
    name: record.name,
    owner: record.owner,
    revision: current.number,
    state: isOver(current, now) ? 'ended' : 'good',
    createdAt: new Date(current.createdAt),
    ...(until ? { until } : {}),
    ...(record.ttlSeconds === undefined ? {} : { ttlSeconds: record.ttlSeconds }),
    generated: record.recipe !== undefined,
    ...(record.origin ? { origin: record.origin } : {}),
    grants: record.grants.map(({ to, relation, at }) => ({ to, relation, at })),
    overlapping: record.revisions.slice(0, -1).flatMap((one) => {
      const end = endOf(one)
      return end && !isOver(one, now) ? [{ revision: one.number, until: end }] : []
    }),
    offers: record.offers.filter(({ expiresAt }) => Date.parse(expiresAt) > now.getTime()),
  }
}
