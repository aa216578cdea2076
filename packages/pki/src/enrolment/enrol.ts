// A machine's side: gets the first certificate with a token, and each later one with the one before.
//
// Safe to repeat after SIGKILL at any point: the same key is asked with again, and the server gives the same certificate.
import { createPublicKey, X509Certificate } from 'node:crypto'
import { fingerprintOf, splitPem } from '../authority/certificate.ts'
import { verifyChain } from '../authority/chain.ts'
import { sealCredential } from '../authority/credential.ts'
import { type KeyType, keyFromPem, keyTypeOf } from '../authority/key.ts'
import { CredentialExistsError, EnrolmentMissingError, InvalidRequestError, ServerUntrustedError } from '../errors.ts'
import { saneClock } from './clock.ts'
import {
  canonicalPin,
  checkUrl,
  fetchAuthority,
  fetchCertificate,
  fetchRoot,
  type Identity,
  type Server,
} from './connection.ts'
import { writeCsr } from './csr.ts'
import { type Enrolment, Home } from './home.ts'
import { namesIn } from './names.ts'
import { chainOf, rootsOf } from './roots.ts'
import { idOf } from './token.ts'

type Common = {
  /** The machine's own; made with mode 0700. */
  directory: string
  /** What its files are called; `machine` unless said. */
  name?: string | undefined
  /** The type of a new key; `rsa-4096` unless said, or as the last one on renewal. */
  key?: KeyType | undefined
  /** Told before a key is made: RSA takes seconds on a small machine. */
  onKey?: ((type: KeyType) => void) | undefined
  /** Milliseconds to wait for the clock to be set; 0 unless said. */
  clockPatienceMs?: number | undefined
  signal?: AbortSignal | undefined
}
export type EnrolOptions = Common & {
  /** `https://HOST:PORT` */
  url: string
  token: string
  /** PEM of the root, the pin; or its SHA-256 in hexadecimal. One of the two, or both. */
  ca?: string | undefined
  caFingerprint?: string | undefined
  /** Enrol anew where the machine is enrolled already. */
  replace?: boolean | undefined
}
export type RenewOptions = Common & {
  /** Also when it is not yet time. */
  force?: boolean | undefined
}
export type Enrolled = Enrolment & { state: 'enrolled' | 'kept' }
export type Renewed = Enrolment & { state: 'renewed' | 'kept' }

/**
 * Enrols a machine, or says that it is enrolled.
 * @throws {EnrolmentRefusedError} when the token or the request is refused: asking again does not help
 * @throws {EnrolmentUnavailableError} when nobody answered or could do it now
 * @throws {ServerUntrustedError} when the server is not the one of the pinned root; the token was not sent
 * @throws {ClockWrongError} when the clock is behind
 * @throws {CredentialExistsError} when the machine is enrolled with another authority
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const { token, directory, name, replace = false, signal } = options
  const server: Server = { url: checkUrl(options.url), signal }
  const home = new Home(directory, name)
  await home.prepare()
  await saneClock([], { ...options, patienceMs: options.clockPatienceMs ?? 0 })
  const root = await pinned(server, options)
  const before = await home.load()
  if (before && (!replace || before.token === idOf(token))) {
    if (!sameCertificate(before.credential.root, root))
      throw new CredentialExistsError(`${directory} holds a credential of another authority; name another directory`)
    if (before.credential.notAfter > new Date()) return { state: 'kept', ...before }
  }
  await saneClock([new X509Certificate(root)], { ...options, patienceMs: options.clockPatienceMs ?? 0 })
  const key = await home.pendingKey({ type: options.key ?? 'rsa-4096', onKey: options.onKey })
  return { state: 'enrolled', ...(await obtain(home, server, root, key, { token })) }
}

/**
 * Renews the certificate of a machine when it is time. One that has ended is renewed too, if the server still allows it.
 * @throws {EnrolmentMissingError} when the machine never enrolled
 * @throws as `enrol`
 */
export async function renew(options: RenewOptions): Promise<Renewed> {
  const { directory, name, force = false, signal } = options
  const home = new Home(directory, name)
  await home.prepare()
  const before = await home.load()
  if (!before) throw new EnrolmentMissingError(`no machine is enrolled in ${directory}; enrol it first`)
  const { credential, url, renewAt } = before
  const leaf = new X509Certificate(credential.certificate)
  await saneClock([leaf], { ...options, patienceMs: options.clockPatienceMs ?? 0 })
  if (!force && new Date() < renewAt) return { state: 'kept', ...before }
  const type = options.key ?? keyTypeOf(leaf.publicKey) ?? 'rsa-4096'
  const key = await home.pendingKey({ type, onKey: options.onKey })
  const identity = { certificate: credential.certificate, key: credential.key }
  return { state: 'renewed', ...(await obtain(home, { url, signal }, credential.root, key, { identity })) }
}

async function obtain(
  home: Home,
  server: Server,
  root: string,
  pem: string,
  by: { token: string } | { identity: Identity },
): Promise<Enrolment> {
  const key = keyFromPem(pem)
  const csr = writeCsr(key, 'identity' in by ? namesIn(new X509Certificate(by.identity.certificate)) : undefined)
  const authority = await fetchAuthority(server, root)
  const leaf = await fetchCertificate(server, { root, csr, ...by })
  if (!leaf.publicKey.equals(createPublicKey(key)))
    throw new ServerUntrustedError(`${server.url} answered the certificate of another key`)
  const certificate = leaf + chainOf(leaf, authority).join('')
  const verdict = await verifyChain({ certificate, root, purpose: 'client' })
  if (!verdict.ok) throw new ServerUntrustedError(`what ${server.url} answered does not verify: ${verdict.reason}`)
  const { validToDate: notAfter } = leaf
  const serial = leaf.serialNumber.toLowerCase()
  const roots = rootsOf(authority, root)
  const certified = { certificate, root: roots, fingerprint: fingerprintOf(leaf), serial, notAfter }
  return home.adopt(sealCredential(certified, pem), server.url, 'token' in by ? idOf(by.token) : undefined)
}

/** The root that the pin names. */
async function pinned(server: Server, { ca, caFingerprint }: EnrolOptions): Promise<string> {
  if (ca === undefined && caFingerprint === undefined)
    throw new InvalidRequestError('name the root: its certificate, its SHA-256, or both')
  if (ca === undefined) return fetchRoot(server, caFingerprint ?? '')
  const [root, ...more] = splitPem(ca)
  if (!root || more.length > 0) throw new InvalidRequestError('ca must hold one certificate in PEM, the root')
  if (caFingerprint !== undefined && fingerprintOf(new X509Certificate(root)) !== canonicalPin(caFingerprint))
    throw new ServerUntrustedError('the root does not have the SHA-256 that it should have')
  return root
}

function sameCertificate(a: string, b: string): boolean {
  return new X509Certificate(a).fingerprint256 === new X509Certificate(b).fingerprint256
}
