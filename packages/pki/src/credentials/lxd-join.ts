// Gets a client certificate into LXD's trust store with a trust token, without LXD's three traps (5.0.2):
// - it registers the *last* certificate that the client sends, and OpenSSL sends what leads to a CA that it knows along
//   with the leaf. Then the CA would be trusted, and with it everybody who has its certificate. We send exactly one, and
//   read back what was registered;
// - the token is a secret that whoever answers could use: it is sent only on a connection whose other end has shown the
//   certificate that the token names, and our own certificate only after another such connection;
// - an answer may be lost. A client that is trusted already is told so and is done.
import { X509Certificate } from 'node:crypto'
import { fingerprintOf, splitPem } from '../authority/certificate.ts'
import { keyFromPem } from '../authority/key.ts'
import { EnrolmentRefusedError, InvalidRequestError } from '../errors.ts'
import { type Client, exchange, type Place, reach, record } from './lxd-connection.ts'
import { readAddress, readTrustToken, type TrustToken } from './trust-token.ts'

export type LxdJoinOptions = {
  /** What `lxc config trust add` printed. */
  token: string
  /** PEM: the client's certificate. What follows the leaf is not sent. */
  certificate: string
  /** PEM: its key. */
  key: string
  /** HOST:PORT in place of those in the token. */
  address?: string
  signal?: AbortSignal
  /** Milliseconds for each connection and answer; 10,000 unless said. */
  timeout?: number
}
export type LxdJoined = {
  /** `kept`: it was in the trust store already. */
  state: 'joined' | 'kept'
  /** HOST:PORT that answered. */
  address: string
  /** Its name in the trust store. */
  name: string
  /** SHA-256 of the certificate that LXD has registered: it is ours. */
  fingerprint: string
  /** Whether it is held to `projects`. */
  restricted: boolean
  projects: string[]
  /** PEM of the server's certificate, to be pinned from now on. */
  server: string
  /** SHA-256 of CAs in the trust store. Each lets in whoever has that public certificate: remove them. */
  authorities: string[]
}

/**
 * @throws {InvalidRequestError} for what is no token, certificate or key
 * @throws {ServerUntrustedError} when who answers is not the server that the token names; the token was not sent
 * @throws {EnrolmentRefusedError} when the token is used up or has ended, or LXD has registered something else
 * @throws {EnrolmentUnavailableError} when nobody answers
 */
export async function joinLxd(options: LxdJoinOptions): Promise<LxdJoined> {
  const token = readTrustToken(options.token)
  if (token.expires && token.expires <= new Date())
    throw new EnrolmentRefusedError(`the trust token ended on ${token.expires.toISOString()}`, 403)
  const client = single(options)
  const call = { pin: token.fingerprint, timeout: options.timeout ?? 10_000, signal: options.signal }
  const { place, server } = await reach(placesOf(token, options.address), call)

  const ask = (method: string, path: string, body?: unknown) => exchange(place, client, { ...call, method, path, body })
  const isTrusted = async () => (record((await ask('GET', '/1.0')).body.metadata).auth as unknown) === 'trusted'
  const kept = await isTrusted()
  if (!kept) {
    const { status, body } = await ask('POST', '/1.0/certificates', { type: 'client', password: token.secret })
    if (status !== 200 && status !== 201)
      throw new EnrolmentRefusedError(`LXD did not take the trust token: ${body.error || 'no reason given'}`, status)
  }
  const { status, body } = await ask('GET', '/1.0/certificates?recursion=1')
  const entries = Array.isArray(body.metadata) ? body.metadata.map(record) : []
  const ours = new X509Certificate(client.certificate)
  const entry = entries.find(({ certificate }) => parse(certificate)?.raw.equals(ours.raw))
  if (!entry) {
    const others = entries.filter(({ name }) => name === token.name).map(({ fingerprint }) => fingerprint)
    const remedy = others.length > 0 ? `; remove ${others.join(', ')} with "lxc config trust remove"` : ''
    throw new EnrolmentRefusedError(`LXD has not registered the certificate that was sent${remedy}`, status)
  }
  return {
    state: kept ? 'kept' : 'joined',
    address: `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`,
    name: String(entry.name),
    fingerprint: fingerprintOf(ours),
    restricted: entry.restricted === true,
    projects: Array.isArray(entry.projects) ? entry.projects.map(String) : [],
    server,
    authorities: entries
      .map(({ certificate }) => parse(certificate))
      .flatMap((one) => (one?.ca ? [fingerprintOf(one)] : [])),
  }
}

function placesOf(token: TrustToken, address: string | undefined): Place[] {
  if (address === undefined) return token.addresses
  const place = readAddress(address)
  if (!place) throw new InvalidRequestError(`"${address}" is not HOST:PORT`)
  return [place]
}

/** The leaf alone, and only if it is one. */
function single({ certificate, key }: Client): Client {
  const [pem] = splitPem(certificate)
  const leaf = parse(pem)
  if (!pem || !leaf) throw new InvalidRequestError('this is not a certificate in PEM')
  if (leaf.ca) throw new InvalidRequestError("this is a CA's certificate: whatever it signs could be trusted")
  if (!leaf.checkPrivateKey(keyFromPem(key))) throw new InvalidRequestError('the key is not that of the certificate')
  return { certificate: pem, key }
}

function parse(pem: unknown): X509Certificate | undefined {
  try {
    return typeof pem === 'string' ? new X509Certificate(pem) : undefined
  } catch {
    return undefined
  }
}
