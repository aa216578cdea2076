// What a certificate may say, checked once here; behind this file a name needs no escaping anywhere.
import { isIP } from 'node:net'
import { InvalidRequestError } from '../errors.ts'
import { isKeyType, type KeyType, keyTypes } from './key.ts'
import { checkPurpose, type Purpose, profiles } from './profile.ts'

/** `peer` is both at once: a member of a cluster, which calls the others and is called by them. */
export type Kind = 'server' | 'client' | 'peer'

export type CertificateRequest = {
  /** Which intermediate signs; `control` unless said. */
  purpose?: Purpose
  kind: Kind
  /** Common name: letters, digits, `.`, `_` and `-`. */
  name: string
  /** DNS names; a server or peer needs at least one, a client has none. */
  dns?: readonly string[]
  /** IP addresses; servers and peers only. */
  ip?: readonly string[]
  /** URIs, the first of which is the canonical identity; the profile's own (`anbox:client/NAME`) unless said. */
  uri?: readonly string[]
  /** E-mail addresses; `messaging` only, where NATS takes the first for the user's name. */
  email?: readonly string[]
  /** Days until it ends; the profile says how many unless said. It never outlives the CA that signs it. */
  days?: number
  /** In place of five minutes ago. */
  notBefore?: Date
  /** In place of `days`. */
  notAfter?: Date
  /** A serial of `makeSerial`, chosen before by who must never get two certificates for one request. */
  serial?: string
}

export type KeyRequest = {
  /** The type of the new key; the authority's own unless said. */
  key?: KeyType
}

/** The names of a certificate: checked, and in the one form in which they can be compared. */
export type Names = { kind: Kind; name: string; dns: string[]; ip: string[]; uri: string[]; email: string[] }

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const labelPattern = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
// A comma or a quote would make the text form of the alternative names ambiguous.
const uriPattern = /^[A-Za-z][A-Za-z0-9+.-]*:[!#-+\--[\]-~]+$/
const mailboxPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/
const dayMs = 86_400_000

/**
 * Checks the names of a request against the profile of its purpose, and brings them into canonical form.
 * @throws {InvalidRequestError} naming the value and what would do
 */
export function checkNames(request: CertificateRequest): Names & { purpose: Purpose } {
  const { kind, name } = request
  const purpose = checkPurpose(request.purpose ?? 'control')
  const { kinds, hosts, email: mail, identity } = profiles[purpose]
  if (!kinds.includes(kind))
    throw new InvalidRequestError(`kind must be ${kinds.join(' or ')} for ${purpose}, not "${kind}"`)
  checkName(name)
  const dns = distinct((request.dns ?? []).map(canonicalDns))
  const ip = distinct((request.ip ?? []).map(canonicalIp))
  const email = distinct((request.email ?? []).map(canonicalEmail))
  const uri = distinct(request.uri?.length ? request.uri : [identity(kind) + name])
  for (const one of uri) {
    if (!uriPattern.test(one))
      throw new InvalidRequestError(`"${one}" is not an absolute URI in ASCII without spaces, commas or quotes`)
    if (/^anbox:/i.test(one) && !one.startsWith(identity(kind)))
      throw new InvalidRequestError(`"${one}" is not an identity of a ${kind} for ${purpose}: ${identity(kind)}NAME is`)
  }
  // Go's clients (Canonical's own among them) and RFC 9525 look at no common name.
  if (kind !== 'client' && dns.length === 0)
    throw new InvalidRequestError(`${kind} "${name}" needs at least one DNS name: with none, clients refuse it`)
  if (kind === 'client' && dns.length + ip.length > 0)
    throw new InvalidRequestError(
      `client "${name}" cannot have DNS names or IP addresses: only servers are found by them`,
    )
  // OpenSSL takes such a common name for a DNS name, which the intermediate's constraints exclude.
  if (!hosts && name.includes('.'))
    throw new InvalidRequestError(
      `"${name}" looks like a DNS name, and ${purpose} may name no hosts: leave out the dots`,
    )
  if (!mail && email.length > 0) throw new InvalidRequestError(`${purpose} certificates have no e-mail addresses`)
  return { purpose, kind, name, dns, ip, uri, email }
}

/** A name that is good for a common name and for a file. */
export function checkName(name: string): void {
  if (!namePattern.test(name)) {
    throw new InvalidRequestError(
      `"${name}" is no name: up to 63 letters, digits, ".", "_" and "-", a letter or digit first`,
    )
  }
}

export function checkKeyType(type: string): KeyType {
  if (!isKeyType(type)) throw new InvalidRequestError(`"${type}" is no type of key: use ${keyTypes.join(', ')}`)
  return type
}

/** When a certificate starts and ends, in whole seconds. It starts in the past, for clocks that are behind ours. */
export function checkValidity(
  request: CertificateRequest,
  issuerEnd: Date,
  now = new Date(),
): { notBefore: Date; notAfter: Date } {
  const { longest, days: usual } = profiles[request.purpose ?? 'control']
  const days = request.days ?? usual
  if (!(days > 0 && days <= longest))
    throw new InvalidRequestError(`days must be more than 0 and at most ${longest}, not ${days}`)
  const notBefore = request.notBefore ?? backdated(now)
  const asked = request.notAfter ?? new Date(now.getTime() + days * dayMs)
  if (asked.getTime() > now.getTime() + longest * dayMs)
    throw new InvalidRequestError(`notAfter must be at most ${longest} days from now`)
  const notAfter = asked < issuerEnd ? asked : issuerEnd
  if (!(notBefore < notAfter)) throw new InvalidRequestError('notAfter must be later than notBefore')
  return { notBefore, notAfter }
}

export function backdated(now: Date): Date {
  return new Date(now.getTime() - 5 * 60_000)
}

export function sameNames(a: Names, b: Names): boolean {
  const flat = ({ kind, name, dns, ip, uri, email }: Names) =>
    JSON.stringify([kind, name, dns.toSorted(), ip.toSorted(), uri.toSorted(), email.toSorted()])
  return flat(a) === flat(b)
}

function canonicalDns(text: string): string {
  const name = text.toLowerCase()
  const labels = name.split('.')
  // A last label of digits only would be read as an IPv4 address.
  const fine =
    name.length <= 253 && labels.every((label) => labelPattern.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '')
  if (!fine)
    throw new InvalidRequestError(
      `"${text}" is not a DNS name (addresses go into ip; other scripts need their xn-- form)`,
    )
  return name
}

export function canonicalIp(text: string): string {
  const family = text.includes('%') ? 0 : isIP(text)
  if (family === 0) throw new InvalidRequestError(`"${text}" is not an IP address`)
  return family === 4 ? text : new URL(`http://[${text}]`).hostname.slice(1, -1)
}

/** The part before the at sign keeps its case, as RFC 5321 has it. */
function canonicalEmail(text: string): string {
  const [mailbox = '', host = '', ...more] = text.split('@')
  if (!mailboxPattern.test(mailbox) || more.length > 0 || !host)
    throw new InvalidRequestError(`"${text}" is not an e-mail address of letters, digits, ".", "_", "+" and "-"`)
  return `${mailbox}@${canonicalDns(host)}`
}

function distinct(list: readonly string[]): string[] {
  return [...new Set(list)]
}
