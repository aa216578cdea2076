// An authority that exists: issues certificates, and keeps a record of every one.
//
//   DIRECTORY/authority.json            name and type of key
//   DIRECTORY/root/ca.key, ca.crt       the key may be moved away once the intermediate is there
//   DIRECTORY/control/ca.key, ca.crt    the intermediate of AMS, gateway and LXD
//   DIRECTORY/control/issued/SERIAL.crt what it signed; the file name keeps a serial from being used twice
//
// Invariant: a certificate is on the disk before anybody gets it.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AuthorityDamagedError, AuthorityExpiredError, AuthorityMissingError, InvalidRequestError } from '../errors.ts'
import { type Ca, loadCa } from './ca.ts'
import { buildCertificate, makeSerial, type Summary, splitPem, summarize } from './certificate.ts'
import { type Certified, type Credential, sealCredential } from './credential.ts'
import { type KeyType, keyToPem, keyTypeOf, keyTypes, makeKey } from './key.ts'
import {
  type CertificateRequest,
  checkKeyType,
  checkNames,
  checkValidity,
  type KeyRequest,
  type Names,
  sameNames,
} from './request.ts'
import { readSettings, type Settings } from './settings.ts'
import { readIfThere, refuseOpen, writeNew } from './storage.ts'

/**
 * Opens an authority that `createAuthority` made.
 * @throws {AuthorityMissingError} when there is none, or only a part of one
 * @throws {UnsafeDirectoryError} when others may enter the directory
 * @throws {AuthorityDamagedError} when a file of it is lost or is not what it should be
 */
export async function openAuthority(directory: string): Promise<Authority> {
  const settings = await readSettings(directory)
  if (!settings) throw new AuthorityMissingError(`there is no authority in ${directory}; create it first`)
  await refuseOpen(directory)
  const [root, control] = await Promise.all([loadCa(join(directory, 'root')), loadCa(join(directory, 'control'))])
  if (!root || !control) {
    throw new AuthorityMissingError(`the authority in ${directory} was not finished; create it again to go on`)
  }
  const [upper, lower] = [new X509Certificate(root.certificate), new X509Certificate(control.certificate)]
  if (!lower.checkIssued(upper) || !lower.verify(upper.publicKey)) {
    throw new AuthorityDamagedError(
      `${join(directory, 'control/ca.crt')} was not signed by ${join(directory, 'root/ca.crt')}`,
    )
  }
  return new Authority(directory, settings, root, control)
}

export class Authority {
  readonly directory: string
  readonly name: string
  /** The type of its keys, and of leaf keys unless asked otherwise. */
  readonly keyType: KeyType
  /** PEM: what every member of the deployment trusts. */
  readonly rootCertificate: string
  readonly #control: Ca
  readonly #controlEnd: Date

  constructor(directory: string, settings: Settings, root: Ca, control: Ca) {
    this.directory = directory
    this.name = settings.name
    this.keyType = settings.key
    this.rootCertificate = root.certificate
    this.#control = control
    this.#controlEnd = new Date(
      Math.min(...[root, control].map(({ certificate }) => new X509Certificate(certificate).validToDate.getTime())),
    )
  }

  /** PEM of the intermediate: what a peer sends after its own certificate. */
  chain(): string {
    return this.#control.certificate
  }

  /** Every certificate that was issued, the oldest first. */
  async list(): Promise<Summary[]> {
    return (await this.#records()).map(summarize).sort((a, b) => a.notBefore.getTime() - b.notBefore.getTime())
  }

  /** Gives the names that a certificate would have. Throws what `certify` would throw, before a key is made for nothing. */
  check(request: CertificateRequest & KeyRequest): Names {
    if (request.key !== undefined) checkKeyType(request.key)
    return this.#permit(request).names
  }

  /**
   * Makes a key and a certificate for it. The key exists in the result only: save it.
   * @throws {InvalidRequestError} for names, times or a type of key that cannot be
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
   * @throws {InvalidRequestError} for names, times or a type of key that cannot be
   * @throws {AuthorityExpiredError} when the intermediate has ended
   */
  async certify(request: CertificateRequest, publicKey: KeyObject): Promise<Certified> {
    const { key, names: use, validity } = this.#permit(request)
    if (!keyTypeOf(publicKey)) {
      throw new InvalidRequestError(`the key of "${use.name}" must be one of ${keyTypes.join(', ')}`)
    }
    const { certificate } = this.#control
    const subject = { organization: this.name, commonName: use.name }
    for (;;) {
      const serial = request.serial ?? makeSerial()
      const path = join(this.#issued, `${serial}.crt`)
      const there = request.serial === undefined ? undefined : await readIfThere(path)
      if (there !== undefined) return this.#repeated(there, publicKey)
      const leaf = await buildCertificate({ subject, publicKey, serial, ...validity, use }, { key, certificate })
      if (await writeNew(path, leaf, 'public')) return this.#certified(leaf)
    }
  }

  /** What was issued under a serial chosen before, whoever of several asked first. */
  #repeated(leaf: string, publicKey: KeyObject): Certified {
    if (!new X509Certificate(leaf).publicKey.equals(publicKey))
      throw new InvalidRequestError('this serial belongs to the certificate of another key')
    return this.#certified(leaf)
  }

  /** The last certificate issued to this key under these names that has not ended: for who lost the answer, not the key. */
  async recorded(names: Names, publicKey: KeyObject): Promise<Certified | undefined> {
    const found = (await this.#records())
      .filter((pem) => new X509Certificate(pem).publicKey.equals(publicKey))
      .map((pem) => ({ pem, summary: summarize(pem) }))
      .filter(({ summary }) => sameNames(summary, names) && summary.notAfter > new Date())
      .sort((a, b) => b.summary.notAfter.getTime() - a.summary.notAfter.getTime())[0]
    return found && this.#certified(found.pem)
  }

  #permit(request: CertificateRequest) {
    const names = checkNames(request)
    const { key } = this.#control
    if (!key) {
      const path = join(this.directory, 'control/ca.key')
      throw new AuthorityDamagedError(`${path} is missing: nothing can be signed without it`)
    }
    if (this.#controlEnd <= new Date()) {
      throw new AuthorityExpiredError(`the authority in ${this.directory} ended on ${this.#controlEnd.toISOString()}`)
    }
    return { names, validity: checkValidity(request, this.#controlEnd), key }
  }

  get #issued(): string {
    return join(this.directory, 'control/issued')
  }

  #certified(leaf: string): Certified {
    const { fingerprint, serial, notAfter } = summarize(leaf)
    return { certificate: leaf + this.chain(), root: this.rootCertificate, fingerprint, serial, notAfter }
  }

  async #records(): Promise<string[]> {
    const names = await readdir(this.#issued)
    const records: string[] = []
    for (const name of names) {
      const text = name.endsWith('.crt') ? await readIfThere(join(this.#issued, name)) : undefined
      const [pem] = splitPem(text ?? '')
      if (pem) records.push(pem)
    }
    return records
  }
}
