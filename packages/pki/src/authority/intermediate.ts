// The intermediate of one purpose: signs, keeps a record of every certificate, revokes.
//
// Invariants: what is done is in the audit log before it is done; a certificate is on the disk before anybody gets it.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { AuthorityDamagedError, AuthorityExpiredError, InvalidRequestError } from '../errors.ts'
import type { AuditLog } from './audit.ts'
import type { Beside } from './beside.ts'
import type { Ca } from './ca.ts'
import { buildCertificate, makeSerial, type Summary, summarize } from './certificate.ts'
import { type Crl, crlDays, nextCrl } from './crl.ts'
import { keyTypeOf, keyTypes } from './key.ts'
import { exclusively } from './lock.ts'
import type { Purpose } from './profile.ts'
import { type IssuedRecord, Records } from './records.ts'
import { type CertificateRequest, checkNames, checkValidity } from './request.ts'
import { type Reason, type Revocation, Revocations } from './revocation.ts'
import { writeNew } from './storage.ts'

const serialPattern = /^[4-7][0-9a-f]{31}$/

/** The authority it is of: its directory, its name, its log. */
export type Place = { base: string; organization: string; audit: AuditLog }

/** The root that it is below, itself, and the others of its purpose. */
type Cas = { root: Ca; ca: Ca; beside: readonly Beside[] }

export class Intermediate {
  readonly purpose: Purpose
  /** PEM. */
  readonly certificate: string
  /** PEM: what follows its leaves. */
  readonly chain: string
  readonly records: Records
  readonly revocations: Revocations
  readonly #base: string
  readonly #organization: string
  readonly #audit: AuditLog
  readonly #key: KeyObject | undefined
  readonly #end: Date
  readonly #beside: readonly Beside[]
  #crl: Crl | undefined

  constructor({ base, organization, audit }: Place, purpose: Purpose, { root, ca, beside }: Cas) {
    this.#base = base
    this.#organization = organization
    this.#audit = audit
    this.purpose = purpose
    this.certificate = ca.certificate
    this.chain = ca.chain ?? ca.certificate
    this.#key = ca.key
    this.#beside = beside
    const ends = [root, ca].map(({ certificate }) => new X509Certificate(certificate).validToDate.getTime())
    this.#end = new Date(Math.min(...ends))
    this.records = new Records(join(this.#directory, 'issued'))
    this.revocations = new Revocations(join(this.#directory, 'revoked'))
  }

  /** What a request would come to. Throws what `certify` would throw. */
  permit(request: CertificateRequest) {
    const names = checkNames({ ...request, purpose: this.purpose })
    if (request.serial !== undefined && !serialPattern.test(request.serial))
      throw new InvalidRequestError('a serial is 32 lower-case hexadecimal digits, the first of them 4 to 7')
    const key = this.#signer()
    if (this.#end <= new Date())
      throw new AuthorityExpiredError(`the authority in ${this.#directory} ended on ${this.#end.toISOString()}`)
    return { names, validity: checkValidity({ ...request, purpose: this.purpose }, this.#end), key }
  }

  /** With a serial in the request it may be repeated: whoever asks, also at once, gets what stands under it. */
  async certify(request: CertificateRequest, publicKey: KeyObject): Promise<IssuedRecord> {
    const { key, names, validity } = this.permit(request)
    if (!keyTypeOf(publicKey))
      throw new InvalidRequestError(`the key of "${names.name}" must be one of ${keyTypes.join(', ')}`)
    const subject = { organization: this.#organization, commonName: names.name }
    for (;;) {
      const serial = request.serial ?? makeSerial()
      const there = request.serial === undefined ? undefined : await this.records.find(serial)
      if (there) return repeated(there, publicKey)
      const content = { subject, publicKey, serial, ...validity, use: names }
      const pem = await buildCertificate(content, { key, certificate: this.certificate })
      const summary = summarize(pem)
      await this.#audit.append({ action: 'issue', subject: summary.name, purpose: this.purpose, ...detailsOf(summary) })
      const record = await this.records.add(pem, summary)
      if (record) return record
    }
  }

  /** Revokes what is on record; says what stands, when it was revoked before. */
  async revoke({ summary }: IssuedRecord, reason: Reason): Promise<Revocation> {
    const before = await this.revocation(summary.serial)
    if (before) return before
    const { serial, fingerprint, name, notAfter } = summary
    const revokedAt = new Date()
    const { purpose } = this
    await this.#audit.append({ action: 'revoke', subject: name, purpose, serial, fingerprint, reason })
    const revocation = { purpose, serial, fingerprint, name, reason, revokedAt, notAfter }
    await writeNew(join(this.#directory, 'revoked', `${serial}.json`), `${JSON.stringify(revocation)}\n`, 'public')
    return (await this.revocation(serial)) ?? revocation
  }

  async revocation(serial: string): Promise<Revocation | undefined> {
    return (await this.revocations.list()).find((one) => one.serial === serial)
  }

  /** PEM: the intermediates whose leaves may be good, the one that signs first. A list of each is in `crl`. */
  async issuers(at: Date): Promise<string> {
    return [this.certificate, ...(await this.#about(at)).map(({ certificate }) => certificate)].join('')
  }

  /** The lists, made anew when something was revoked since, when half of its time is over, or when asked to. */
  async crl(renew = false): Promise<Crl> {
    const key = this.#signer()
    const half = Date.now() + (crlDays * 86_400_000) / 2
    const kept = this.#crl
    const known = (await this.revocations.list()).length
    if (!renew && kept && kept.revoked === known && kept.nextUpdate.getTime() > half) return kept
    return exclusively(this.#base, async () => {
      // Read under the lock: a list must not be followed by one that knows less.
      const revoked = await this.revocations.list()
      const signers = [{ certificate: this.certificate, key }, ...(await this.#about(new Date()))]
      const crl = await nextCrl(this.#directory, signers, revoked)
      this.#crl = crl
      return crl
    })
  }

  /** The others of which leaves are about: of one that is retired, none may be any more. */
  async #about(at: Date): Promise<Beside[]> {
    const good = (await (this.#beside.some(({ retired }) => retired) ? this.records.all() : []))
      .filter(({ summary }) => summary.notAfter > at)
      .map(({ pem }) => new X509Certificate(pem))
    return this.#beside.filter(({ certificate, retired }) => {
      const issuer = new X509Certificate(certificate)
      return issuer.validToDate > at && (!retired || good.some((leaf) => leaf.checkIssued(issuer)))
    })
  }

  #signer(): KeyObject {
    if (this.#key) return this.#key
    throw new AuthorityDamagedError(`${join(this.#directory, 'ca.key')} is missing: nothing can be signed without it`)
  }

  get #directory(): string {
    return join(this.#base, this.purpose)
  }
}

function detailsOf({ kind, serial, fingerprint, dns, ip, uri, email, notAfter }: Summary) {
  return { kind, serial, fingerprint, names: [...dns, ...ip, ...uri, ...email], notAfter: notAfter.toISOString() }
}

function repeated(record: IssuedRecord, publicKey: KeyObject): IssuedRecord {
  if (new X509Certificate(record.pem).publicKey.equals(publicKey)) return record
  throw new InvalidRequestError('this serial belongs to the certificate of another key')
}
