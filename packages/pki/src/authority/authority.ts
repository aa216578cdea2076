// An authority that exists: issues certificates, keeps a record of every one, and revokes them.
//
//   DIRECTORY/authority.json             name, type of key, purposes
//   DIRECTORY/root/ca.key, ca.crt        the key is needed for new intermediates only, and may be kept elsewhere
//   DIRECTORY/PURPOSE/ca.key, ca.crt     an intermediate
//   DIRECTORY/PURPOSE/issued/SERIAL.crt  what it signed
//   DIRECTORY/PURPOSE/revoked/SERIAL.json, crl.pem, crl-number
//   DIRECTORY/audit.log, audit.seal, audit.key
import type { KeyObject } from 'node:crypto'
import { AuthorityMissingError, CertificateUnknownError, InvalidRequestError } from '../errors.ts'
import { AuditLog, type AuditVerdict } from './audit.ts'
import type { Ca } from './ca.ts'
import type { Summary } from './certificate.ts'
import { type Certified, type Credential, sealCredential } from './credential.ts'
import type { Crl } from './crl.ts'
import { Intermediate } from './intermediate.ts'
import { type KeyType, keyToPem, makeKey } from './key.ts'
import { type Loaded, loadCas } from './load.ts'
import { checkPurpose, type Purpose } from './profile.ts'
import type { IssuedRecord } from './records.ts'
import { type CertificateRequest, checkKeyType, type KeyRequest, type Names, sameNames } from './request.ts'
import { checkReason, type Reason, type Revocation } from './revocation.ts'
import { readSettings, type Settings } from './settings.ts'
import { refuseOpen } from './storage.ts'
import type { Trust } from './trust.ts'

/** A certificate on record. */
export type Issued = Summary & { purpose: Purpose; revoked?: { at: Date; reason: Reason } }

/**
 * Opens an authority that `createAuthority` made.
 * @throws {AuthorityMissingError} when there is none, or only a part of one
 * @throws {UnsafeDirectoryError} when others may enter the directory
 * @throws {AuthorityDamagedError} when a file of it is lost or is not what it should be
 * @param changed in place of what DIRECTORY/trust.json says, for a rotation that is about to write it
 */
export async function openAuthority(directory: string, changed?: Trust): Promise<Authority> {
  const settings = await readSettings(directory)
  if (!settings) throw new AuthorityMissingError(`there is no authority in ${directory}; create it first`)
  await refuseOpen(directory)
  return new Authority(directory, settings, await loadCas(directory, settings, changed))
}

export class Authority {
  readonly directory: string
  readonly name: string
  /** The type of its keys, and of leaf keys unless asked otherwise. */
  readonly keyType: KeyType
  /** Whoever does something with the authority that matters writes it here, before doing it. */
  readonly audit: AuditLog
  readonly #settings: Settings
  #loaded: Loaded
  #intermediates: Map<Purpose, Intermediate>

  constructor(directory: string, settings: Settings, loaded: Loaded) {
    this.directory = directory
    this.name = settings.name
    this.keyType = settings.key
    this.audit = new AuditLog(directory)
    this.#settings = settings
    this.#loaded = loaded
    this.#intermediates = this.#intermediatesOf(loaded)
  }

  /** PEM of the root that the intermediates are below. */
  get rootCertificate(): string {
    return this.#loaded.root.certificate
  }

  /** PEM: what every member of the deployment trusts. The root, or two while roots are changed. */
  get anchors(): string {
    return this.#loaded.anchors
  }

  /** PEM of the root's key as the root before certified it, or an empty text: leads who knows only that one to the new. */
  get crossed(): string {
    return this.#loaded.crossed ?? ''
  }

  /** Reads again what a rotation may have changed; says whether anything has. For processes that stay. */
  async refresh(): Promise<boolean> {
    const loaded = await loadCas(this.directory, this.#settings)
    if (fingerprintsOf(loaded) === fingerprintsOf(this.#loaded)) return false
    this.#intermediates = this.#intermediatesOf(loaded)
    this.#loaded = loaded
    return true
  }

  #intermediatesOf({ root, intermediates, beside }: Loaded): Map<Purpose, Intermediate> {
    const place = { base: this.directory, organization: this.name, audit: this.audit }
    const made = ([purpose, ca]: [Purpose, Ca]): [Purpose, Intermediate] => [
      purpose,
      new Intermediate(place, purpose, { root, ca, beside: beside.get(purpose) ?? [] }),
    ]
    return new Map([...intermediates].map(made))
  }

  /** The purposes it has intermediates for. */
  get purposes(): Purpose[] {
    return [...this.#intermediates.keys()]
  }

  /** PEM: what a peer sends after its own certificate. The intermediate; while roots are changed, the new root too. */
  chain(purpose: Purpose = 'control'): string {
    return this.#of(purpose).chain
  }

  /** The intermediate of a purpose. etcd trusts its own as the only anchor, see `verifyChain`'s `partial`. */
  intermediate(purpose: Purpose): { certificate: string } {
    return { certificate: this.#of(purpose).certificate }
  }

  /** PEM: what a server trusts that lets in this purpose's clients and nobody else. Two while the intermediate is changed. */
  trusted(purpose: Purpose): string {
    return this.#loaded.trusted.get(purpose) ?? this.#of(purpose).certificate
  }

  /**
   * PEM: every intermediate of a purpose whose leaves may be good: that which signs, and those that did before.
   * @param at now unless said; for a leaf that has ended, a time before
   */
  async issuers(purpose: Purpose, at = new Date()): Promise<string> {
    return this.#of(purpose).issuers(at)
  }

  /** Every certificate that was issued, the oldest first. */
  async list(): Promise<Issued[]> {
    const lists = await Promise.all([...this.#intermediates.values()].map(listOf))
    return lists.flat().sort((a, b) => a.notBefore.getTime() - b.notBefore.getTime())
  }

  /** Gives the names that a certificate would have. Throws what `certify` would throw, before a key is made for nothing. */
  check(request: CertificateRequest & KeyRequest): Names & { purpose: Purpose } {
    if (request.key !== undefined) checkKeyType(request.key)
    return this.#of(request.purpose).permit(request).names
  }

  /**
   * Makes a key and a certificate for it. The key exists in the result only: save it.
   * @throws {InvalidRequestError} for names, times or a type of key that cannot be
   * @throws {AuthorityMissingError} when there is no intermediate for the purpose
   * @throws {AuthorityExpiredError} when the intermediate has ended
   */
  async issue(request: CertificateRequest & KeyRequest): Promise<Credential> {
    this.check(request)
    const key = await makeKey(checkKeyType(request.key ?? this.keyType))
    return sealCredential(await this.certify(request, key), keyToPem(key))
  }

  /**
   * Makes a certificate for a key that somebody else holds (or a private key: only its public half is used). With a
   * `serial` it may be repeated, also by several processes at once: all get the same certificate.
   * @throws as `issue`
   */
  async certify(request: CertificateRequest, publicKey: KeyObject): Promise<Certified> {
    const intermediate = this.#of(request.purpose)
    return this.#certified(await intermediate.certify(request, publicKey), intermediate)
  }

  /**
   * The last certificate issued to this key under these names that has not ended and is not revoked: for who lost the
   * answer, not the key.
   */
  async recorded(names: Names & { purpose?: Purpose }, publicKey: KeyObject): Promise<Certified | undefined> {
    const intermediate = this.#of(names.purpose)
    const revoked = new Set((await intermediate.revocations.list()).map(({ serial }) => serial))
    const found = (await intermediate.records.ofKey(publicKey))
      .filter(
        ({ summary }) => sameNames(summary, names) && summary.notAfter > new Date() && !revoked.has(summary.serial),
      )
      .sort((a, b) => b.summary.notAfter.getTime() - a.summary.notAfter.getTime())[0]
    return found && this.#certified(found, intermediate)
  }

  /**
   * Revokes a certificate and renews the list that names it. May be repeated: the first reason and time stand.
   * @param which its serial or the SHA-256 of it, in hexadecimal with or without colons
   * @throws {CertificateUnknownError} when this authority has issued no such certificate
   */
  async revoke(which: string, reason: Reason = 'unspecified'): Promise<Revocation> {
    checkReason(reason)
    const { intermediate, record } = await this.#find(canonicalHex(which))
    const revocation = await intermediate.revoke(record, reason)
    await intermediate.crl()
    return revocation
  }

  /** Every revocation, the oldest first: the deny-list of our own servers. */
  async revocations(): Promise<Revocation[]> {
    const lists = await Promise.all([...this.#intermediates.values()].map(({ revocations }) => revocations.list()))
    return lists.flat().sort((a, b) => a.revokedAt.getTime() - b.revokedAt.getTime())
  }

  /** Whether the certificate with this SHA-256 was revoked, also by another process a moment ago. */
  async isRevoked(fingerprint: string): Promise<boolean> {
    const wanted = canonicalHex(fingerprint)
    return (await this.revocations()).some((one) => one.fingerprint === wanted)
  }

  /**
   * The revocation list of a purpose (PEM), good for seven days. It is made anew when something was revoked since, and when
   * half of its time is over. PURPOSE/crl.pem is always the last one. It is several in one text while leaves of several
   * intermediates are about, see `issuers`.
   */
  async crl(purpose: Purpose = 'control', { renew = false } = {}): Promise<string> {
    return (await this.crlDetails(purpose, { renew })).pem
  }

  /** The same, with its number, how many it names, and when it is out of date. */
  async crlDetails(purpose: Purpose, { renew = false } = {}): Promise<Crl> {
    return this.#of(purpose).crl(renew)
  }

  /**
   * Reads the whole audit log, and holds it against the certificates and revocations on record: each must be in it.
   * @param known the hash of a line that must be in it
   */
  async verifyAudit({ known }: { known?: string } = {}): Promise<AuditVerdict> {
    // First: what is issued meanwhile is in the log before it is on record.
    const [issued, revoked] = [await this.list(), await this.revocations()]
    const verdict = await this.audit.verify({ known })
    const logged = { issue: new Set<unknown>(), revoke: new Set<unknown>() }
    for await (const { action, serial, issued } of this.audit.entries()) {
      if (action === 'issue' || action === 'revoke') logged[action].add(serial)
      if (action === 'begin' && Array.isArray(issued)) for (const one of issued) logged.issue.add(one)
    }
    const unlogged = [
      ...issued.filter(({ serial }) => !logged.issue.has(serial)).map((one) => `certificate ${one.serial} was issued`),
      ...revoked
        .filter(({ serial }) => !logged.revoke.has(serial))
        .map((one) => `certificate ${one.serial} was revoked`),
    ].map((what) => `${what} without a line in the log`)
    return { ...verdict, ok: verdict.ok && unlogged.length === 0, problems: [...verdict.problems, ...unlogged] }
  }

  async #find(which: string): Promise<{ intermediate: Intermediate; record: IssuedRecord }> {
    for (const intermediate of this.#intermediates.values()) {
      const record =
        which.length === 64
          ? (await intermediate.records.all()).find(({ summary }) => summary.fingerprint === which)
          : await intermediate.records.find(which)
      if (record) return { intermediate, record }
    }
    throw new CertificateUnknownError(`the authority in ${this.directory} has issued no certificate ${which}`)
  }

  #of(purpose: Purpose = 'control'): Intermediate {
    const found = this.#intermediates.get(checkPurpose(purpose))
    if (found) return found
    throw new AuthorityMissingError(
      `the authority in ${this.directory} has no intermediate for ${purpose}; create it again with the root's key`,
    )
  }

  #certified({ pem, summary }: IssuedRecord, intermediate: Intermediate): Certified {
    const { fingerprint, serial, notAfter } = summary
    return { certificate: pem + intermediate.chain, root: this.anchors, fingerprint, serial, notAfter }
  }
}

async function listOf({ purpose, records, revocations }: Intermediate): Promise<Issued[]> {
  const revoked = new Map((await revocations.list()).map((one) => [one.serial, one]))
  return (await records.all()).map(({ summary }) => {
    const found = revoked.get(summary.serial)
    return { ...summary, purpose, ...(found && { revoked: { at: found.revokedAt, reason: found.reason } }) }
  })
}

function fingerprintsOf({ root, intermediates, anchors, trusted, beside, crossed }: Loaded): string {
  const chains = [...intermediates.values()].map(({ certificate, chain = certificate }) => chain)
  const others = [...beside.values()].flat().map(({ certificate, retired }) => certificate + retired)
  return [root.certificate, anchors, crossed, ...chains, ...trusted.values(), ...others].join()
}

function canonicalHex(text: string): string {
  const digits = text.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{1,64}$/.test(digits))
    throw new InvalidRequestError(`"${text}" is neither a serial nor a SHA-256 in hexadecimal`)
  return digits
}
