// What is asked of a store, and what it gives.
import type { Party } from './cms.ts'
import type { Recipe } from './generate.ts'
import type { SecretText } from './text.ts'

/** Given by the caller, or made here. */
export type NewValue = { value: string | SecretText; generate?: never } | { value?: never; generate: Recipe }
export type CreateSecret = NewValue & {
  /** Seconds that each revision is good for; without end unless said. */
  ttlSeconds?: number
}
export type RotateSecret = {
  /** A generated secret is made anew by its recipe unless a value is given. */
  value?: string | SecretText
  /** Seconds that the revisions before stay good; 0 unless said. */
  overlapSeconds?: number
  /** Rotate only while this revision is the current one: to repeat after a lost answer. */
  ifRevision?: number
}
export type SecretRevision = { name: string; revision: number; value: SecretText; until?: Date }
/** What a consumer uses from now on, and what it still has to take from others during a rotation, the newest first. */
export type SecretReading = SecretRevision & { also: SecretRevision[] }
export type OfferRequest = {
  /** PEM of the consumer's certificate. */
  to: string
  /** The producer: its certificate needs a URI. */
  signer: Party
  /** Seconds until it cannot be accepted any more; 7 days unless said. */
  expiresInSeconds?: number
  note?: string
}
export type Offer = { id: string; name: string; revision: number; to: string; expiresAt: Date; pem: string }
export type AcceptRequest = {
  consumer: Party
  /** PEM of the root that the producer's certificate leads to. */
  root: string
  /** URI of the producer. */
  producer: string
  owner: string
  /** The name here; the producer's unless said. */
  name?: string
  /** Seconds that the revisions before stay good when this is a newer one of a secret that was accepted before. */
  overlapSeconds?: number
}
