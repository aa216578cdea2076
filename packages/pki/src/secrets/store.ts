// The secrets of a deployment: who owns them, who may read them, how long they are good, and how they change.
//
// Invariants: a change is on the disk before it is answered; what is on the disk is sealed under the store's key; nobody but
// the owner and who was granted it reads a secret; a secret that is over is never given out; an offer is accepted once.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { AuditEntry } from '../authority/audit-line.ts'
import { fingerprintOf } from '../authority/certificate.ts'
import { privateDirectory } from '../authority/storage.ts'
import {
  InvalidRequestError,
  OfferRefusedError,
  SecretConflictError,
  SecretMissingError,
  SecretRefusedError,
} from '../errors.ts'
import { checkRecipe, generate } from './generate.ts'
import { describe, type SecretInfo } from './info.ts'
import { type KeySource, openSecretKey } from './key.ts'
import { identityOf, openOffer, readRecipient, sealOffer } from './offer.ts'
import {
  checkParty,
  checkSeconds,
  checkSecretName,
  checkValue,
  currentOf,
  endOf,
  isOver,
  pruned,
  type Revision,
  type SecretRecord,
  withRevision,
} from './record.ts'
import type {
  AcceptRequest,
  CreateSecret,
  Offer,
  OfferRequest,
  RotateSecret,
  SecretReading,
  SecretRevision,
} from './request.ts'
import { SecretText } from './text.ts'
import { Vault } from './vault.ts'

/** What goes into an audit log. */
export type SecretChange = AuditEntry
export type StoreOptions = {
  key: KeySource
  /** Told of every change, after it; never of a value. */
  onChange?: (change: SecretChange) => void
}

const dayS = 86_400

/**
 * Opens the store of a directory, or makes it.
 * @throws {UnsafeDirectoryError} when others may enter the directory
 * @throws {SecretsDamagedError} when the key is not the one the store was made with
 */
export async function openSecretStore(directory: string, { key, onChange }: StoreOptions): Promise<SecretStore> {
  await privateDirectory(directory)
  return new SecretStore(await Vault.open(join(directory, 'secrets.db'), await openSecretKey(key)), onChange)
}

export class SecretStore {
  readonly #vault: Vault
  readonly #onChange: StoreOptions['onChange']

  constructor(vault: Vault, onChange?: StoreOptions['onChange']) {
    this.#vault = vault
    this.#onChange = onChange
  }

  /**
   * @throws {SecretConflictError} when the name is taken
   * @throws {InvalidRequestError} for a name, a recipe or a value that cannot be
   */
  create(owner: string, name: string, request: CreateSecret): SecretInfo {
    const { ttlSeconds } = request
    const recipe = request.generate && checkRecipe(request.generate)
    if (ttlSeconds !== undefined && checkSeconds('the life', ttlSeconds) === 0)
      throw new InvalidRequestError('a secret needs more than 0 seconds of life')
    const empty: SecretRecord = {
      version: 1,
      name: checkSecretName(name),
      owner: checkParty('owner', owner),
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      ...(recipe ? { recipe } : {}),
      revisions: [],
      grants: [],
      offers: [],
    }
    const value = recipe ? generate(recipe) : textOf(request.value)
    const made = withRevision(empty, checkValue(value), { now: new Date(), overlapSeconds: 0 })
    this.#vault.transaction(() => {
      if (this.#vault.read(name)) throw new SecretConflictError(`there is a secret "${name}" already`)
      this.#vault.write(made)
    })
    return this.#changed('create', made, { owner })
  }

  /** All secrets, without their values. */
  list(): SecretInfo[] {
    return this.#vault.list().map((record) => describe(record))
  }

  /** @throws {SecretMissingError} when there is none of the name */
  describe(name: string): SecretInfo {
    return describe(this.#existing(name))
  }

  /**
   * Reads a secret as its owner or as somebody it was granted to, in the relation where one is named.
   * @throws {SecretMissingError} when there is none of the name
   * @throws {SecretRefusedError} when it was not granted, or has ended
   */
  get(name: string, { as, relation }: { as: string; relation?: string }): SecretReading {
    const record = this.#existing(name)
    const granted = record.grants.some((one) => one.to === as && (relation === undefined || one.relation === relation))
    if (as !== record.owner && !granted)
      throw new SecretRefusedError(`"${name}" was not granted to ${as}${relation ? ` in ${relation}` : ''}`)
    const now = new Date()
    const readings = record.revisions.filter((one) => !isOver(one, now)).map((one) => reading(name, one))
    const current = readings.pop()
    if (!current || current.revision !== currentOf(record).number) {
      throw new SecretRefusedError(`"${name}" ended on ${endOf(currentOf(record))?.toISOString()}; rotate it`)
    }
    return { ...current, also: readings.reverse() }
  }

  /** Lets a consumer read the secret as long as the relation lasts. Repeating it changes nothing. */
  grant(name: string, { to, relation }: { to: string; relation: string }): SecretInfo {
    const grant = { to: checkParty('consumer', to), relation: checkParty('relation', relation), at: isoNow() }
    const changed = this.#change(name, (record) => {
      const others = record.grants.filter((one) => one.to !== to || one.relation !== relation)
      return { ...record, grants: [...others, grant] }
    })
    return this.#changed('grant', changed, { to, relation })
  }

  /** Takes back the grants of a consumer: that in one relation, or all of them. */
  revokeGrant(name: string, { to, relation }: { to: string; relation?: string }): SecretInfo {
    const changed = this.#change(name, (record) => {
      const kept = record.grants.filter((one) => one.to !== to || (relation !== undefined && one.relation !== relation))
      if (kept.length === record.grants.length)
        throw new SecretMissingError(`"${name}" is not granted to ${to}${relation ? ` in ${relation}` : ''}`)
      return { ...record, grants: kept }
    })
    return this.#changed('revoke-grant', changed, { to, relation })
  }

  /** Takes back what was granted in a relation that is over, of every secret; gives their names. */
  endRelation(relation: string): string[] {
    const changed = this.#vault.transaction(() =>
      this.#vault
        .list()
        .filter(({ grants }) => grants.some((one) => one.relation === relation))
        .map((record) => {
          const left = { ...record, grants: record.grants.filter((one) => one.relation !== relation) }
          this.#vault.write(pruned(left, new Date()))
          return left
        }),
    )
    for (const record of changed) this.#changed('revoke-grant', record, { relation })
    return changed.map(({ name }) => name)
  }

  /**
   * Adds a revision. Those before stay good for the overlap, so that consumers can change over.
   * @throws {SecretConflictError} when `ifRevision` is not the current one any more
   * @throws {InvalidRequestError} without a value for a secret that was not generated
   */
  rotate(name: string, { value, overlapSeconds = 0, ifRevision }: RotateSecret = {}): SecretInfo {
    checkSeconds('the overlap', overlapSeconds)
    const changed = this.#change(name, (record) => {
      const { number } = currentOf(record)
      if (ifRevision !== undefined && ifRevision !== number)
        throw new SecretConflictError(`"${name}" is at revision ${number} already, not ${ifRevision}`)
      if (value === undefined && !record.recipe)
        throw new InvalidRequestError(`"${name}" was not generated here: give its new value`)
      const next = value === undefined && record.recipe ? generate(record.recipe) : textOf(value)
      return withRevision(record, checkValue(next), { now: new Date(), overlapSeconds })
    })
    return this.#changed('rotate', changed, { overlapSeconds })
  }

  /** Rotates every generated secret that ends within the given seconds, or has ended; gives their names. */
  rotateDue(withinSeconds: number, { overlapSeconds = 0 }: { overlapSeconds?: number } = {}): string[] {
    const until = Date.now() + checkSeconds('the time', withinSeconds) * 1000
    const due = this.#vault.list().filter((record) => {
      const end = endOf(currentOf(record))
      return record.recipe !== undefined && end !== undefined && end.getTime() <= until
    })
    for (const record of due) this.rotate(record.name, { overlapSeconds, ifRevision: currentOf(record).number })
    return due.map(({ name }) => name)
  }

  /** Removes a secret, or ends one of its earlier revisions before its time. What offers carried away stays away. */
  remove(name: string, { revision }: { revision?: number } = {}): void {
    if (revision !== undefined) {
      const changed = this.#change(name, (record) => {
        if (revision === currentOf(record).number)
          throw new InvalidRequestError(`revision ${revision} is the current one; rotate "${name}" first`)
        const now = isoNow()
        const revisions = record.revisions.map((one) => (one.number === revision ? { ...one, supersededAt: now } : one))
        return { ...record, revisions }
      })
      this.#changed('end-revision', changed, { ended: revision })
      return
    }
    this.#vault.transaction(() => {
      if (!this.#vault.remove(name)) throw new SecretMissingError(`there is no secret "${name}"`)
    })
    this.#onChange?.({ action: 'secret.remove', subject: name })
  }

  /**
   * Makes an offer of the current revision: a CMS file that only the holder of the certificate's key opens.
   * @throws {InvalidRequestError} for a certificate that cannot be, or has ended
   * @throws {SecretRefusedError} when the secret has ended
   */
  async offer(name: string, { to, signer, expiresInSeconds = 7 * dayS, note }: OfferRequest): Promise<Offer> {
    const now = new Date()
    const recipient = readRecipient(to, now)
    const { owner } = this.#existing(name)
    const { revision, value, until } = this.get(name, { as: owner })
    const expiresAt = new Date(now.getTime() + checkSeconds('the life of an offer', expiresInSeconds) * 1000)
    const content = {
      version: 1 as const,
      id: randomUUID(),
      name,
      revision,
      producer: identityOf(signer.certificate),
      audience: fingerprintOf(recipient),
      createdAt: now.toISOString(),
      expiresAt: expiresAt.toISOString(),
      ...(until ? { valueExpiresAt: until.toISOString() } : {}),
      ...(note === undefined ? {} : { note }),
      value: value.reveal(),
    }
    const pem = await sealOffer(content, recipient, signer)
    const consumer = recipient.subjectAltName?.match(/URI:([^,]+)/)?.[1] ?? recipient.subject.replaceAll('\n', ', ')
    const { id, audience } = content
    const offered = { id, revision, to: consumer, fingerprint: audience, expiresAt: content.expiresAt }
    // On record before it is handed out: who has a copy is known.
    const changed = this.#change(name, (record) => ({ ...record, offers: [...record.offers, offered] }))
    this.#changed('offer', changed, { id, to: consumer, fingerprint: audience })
    return { id, name, revision, to: consumer, expiresAt, pem }
  }

  /**
   * Takes an offer in: a new secret, or a newer revision of one that came from the same producer.
   * @throws {OfferRefusedError} when it is not for us, not from this producer, changed, expired, or was accepted before
   * @throws {SecretConflictError} when the name is that of another secret
   */
  async accept(pem: string, request: AcceptRequest): Promise<SecretInfo> {
    const { consumer, root, producer, owner, overlapSeconds = 0 } = request
    checkParty('owner', owner)
    checkSeconds('the overlap', overlapSeconds)
    const now = new Date()
    const content = await openOffer(pem, { consumer, root, producer, now })
    const name = checkSecretName(request.name ?? content.name)
    const origin = { producer, name: content.name, offer: content.id, revision: content.revision }
    const accepted = this.#vault.transaction(() => {
      const before = this.#vault.acceptedOffer(content.id)
      if (before) throw new OfferRefusedError(`the offer was accepted before, ${before}`)
      const known = this.#vault.read(name)
      if (known && (known.origin?.producer !== producer || known.origin.name !== content.name))
        throw new SecretConflictError(`there is another secret "${name}" already; name this one otherwise`)
      if (known?.origin && known.origin.revision >= content.revision)
        throw new OfferRefusedError(`the offer is of revision ${content.revision}; we have ${known.origin.revision}`)
      const empty = { version: 1 as const, name, owner, revisions: [], grants: [], offers: [] }
      const record = withRevision({ ...(known ?? empty), origin }, checkValue(content.value), { now, overlapSeconds })
      const ended = ending(record, content.valueExpiresAt)
      this.#vault.write(pruned(ended, now))
      this.#vault.noteAccepted(content.id, `on ${now.toISOString()} as "${name}"`)
      return ended
    })
    return this.#changed('accept', accepted, { offer: content.id, producer })
  }

  close(): void {
    this.#vault.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #existing(name: string): SecretRecord {
    const record = this.#vault.read(name)
    if (!record) throw new SecretMissingError(`there is no secret "${name}"`)
    return record
  }

  #change(name: string, change: (record: SecretRecord) => SecretRecord): SecretRecord {
    return this.#vault.transaction(() => {
      const changed = pruned(change(this.#existing(name)), new Date())
      this.#vault.write(changed)
      return changed
    })
  }

  #changed(action: string, record: SecretRecord, more: Omit<SecretChange, 'action' | 'subject'>): SecretInfo {
    this.#onChange?.({ action: `secret.${action}`, subject: record.name, revision: currentOf(record).number, ...more })
    return describe(record)
  }
}

function textOf(value: string | SecretText | undefined): string {
  return value instanceof SecretText ? value.reveal() : (value ?? '')
}

function reading(name: string, revision: Revision): SecretRevision {
  const until = endOf(revision)
  const value = new SecretText(revision.value ?? '')
  return { name, revision: revision.number, value, ...(until ? { until } : {}) }
}

/** The producer knows how long its secret is good. */
function ending(record: SecretRecord, expiresAt?: string): SecretRecord {
  if (expiresAt === undefined) return record
  const revisions = record.revisions.map((one, index, all) => (index === all.length - 1 ? { ...one, expiresAt } : one))
  return { ...record, revisions }
}

function isoNow(): string {
  return new Date().toISOString()
}
