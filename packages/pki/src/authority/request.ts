// What a certificate may say, checked once here; behind this file a name needs no escaping anywhere.
import { isIP } from 'node:net'
import { InvalidRequestError } from '../errors.ts'
import { isKeyType, type KeyType, keyTypes } from './key.ts'

export type Kind = 'server' | 'client'

export type CertificateRequest = {
  kind: Kind
  /** Common name: letters, digits, `.`, `_` and `-`. */
  name: string
  /** DNS names; a server needs at least one, a client has none. */
  dns?: readonly string[]
  /** IP addresses; servers only. */
  ip?: readonly string[]
  /** URIs, the first of which is the canonical identity; `anbox:KIND/NAME` unless said. */
  uri?: readonly string[]
  /** Days until it ends; 90 unless said. It never outlives the CA that signs it. */
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
export type Names = { kind: Kind; name: string; dns: string[]; ip: string[]; uri: string[] }

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const labelPattern = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
// A comma or a quote would make the text form of the alternative names ambiguous.
const uriPattern = /^[A-Za-z][A-Za-z0-9+.-]*:[!#-+\--[\]-~]+$/
const longest = 3650
const dayMs = 86_400_000

/**
 * Checks the names of a request and brings them into canonical form.
 * @throws {InvalidRequestError} naming the value and what would do
 */
export function checkNames(request: CertificateRequest): Names {
  const { kind, name } = request
  if (kind !== 'server' && kind !== 'client')
    throw new InvalidRequestError(`kind must be server or client, not "${kind}"`)
  checkName(name)
  const dns = distinct((request.dns ?? []).map(canonicalDns))
  const ip = distinct((request.ip ?? []).map(canonicalIp))
  const uri = distinct(request.uri?.length ? request.uri : [`anbox:${kind}/${name}`])
  for (const one of uri) {
    if (!uriPattern.test(one))
      throw new InvalidRequestError(`"${one}" is not an absolute URI in ASCII without spaces, commas or quotes`)
  }
  // Go's clients (Canonical's own among them) and RFC 9525 look at no common name.
  if (kind === 'server' && dns.length === 0)
    throw new InvalidRequestError(`server "${name}" needs at least one DNS name: with none, clients refuse it`)
  if (kind === 'client' && dns.length + ip.length > 0)
    throw new InvalidRequestError(
      `client "${name}" cannot have DNS names or IP addresses: only servers are found by them`,
    )
  return { kind, name, dns, ip, uri }
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
  const days = request.days ?? 90
  if (!(days > 0 && days <= longest))
    throw new InvalidRequestError(`days must be more than 0 and at most ${longest}, not ${days}`)
  const notBefore = request.notBefore ?? backdated(now)
  const asked = request.notAfter ?? new Date(now.getTime() + days * dayMs)
  const notAfter = asked < issuerEnd ? asked : issuerEnd
  if (!(notBefore < notAfter)) throw new InvalidRequestError('notAfter must be later than notBefore')
  return { notBefore, notAfter }
}

export function backdated(now: Date): Date {
  return new Date(now.getTime() - 5 * 60_000)
}

export function sameNames(a: Names, b: Names): boolean {
  const flat = ({ kind, name, dns, ip, uri }: Names) =>
    JSON.stringify([kind, name, dns.toSorted(), ip.toSorted(), uri.toSorted()])
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

function distinct(list: readonly string[]): string[] {
  return [...new Set(list)]
}
