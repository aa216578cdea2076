// Requests to an EST server, over TLS 1.3 to a server whose chain ends at the pinned root. The one exception is the
// request for the certificates themselves when only the root's SHA-256 is known: what comes is held against that pin, and
// nothing secret is sent.
import { createHash, type X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import {
  ClockWrongError,
  EnrolmentRefusedError,
  EnrolmentUnavailableError,
  InvalidRequestError,
  ServerUntrustedError,
} from '../errors.ts'
import { DerError } from './der.ts'
import { readCertificates } from './pkcs7.ts'

export type Server = {
  /** `https://HOST:PORT`; the paths of EST are added. */
  url: string
  signal?: AbortSignal | undefined
}
export type Identity = { certificate: string; key: string }
type Question = {
  operation: 'cacerts' | 'simpleenroll' | 'simplereenroll'
  /** PEM of the pinned root; without it the server is not judged. */
  root?: string
  identity?: Identity
  token?: string
  csr?: Buffer
}

const timeoutMs = 15_000
const longestAnswer = 262_144
const unreached = /^(ECONN|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|EPIPE|EADDR)/

/** @throws {InvalidRequestError} */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'https:' || url.username || url.password || url.search || url.hash || url.pathname !== '/')
    throw new InvalidRequestError(`"${text}" is not the address of a server: https://HOST:PORT`)
  return url.origin
}

/** @throws {InvalidRequestError} */
export function canonicalPin(text: string): string {
  const pin = text.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(pin)) throw new InvalidRequestError('a pin is a SHA-256: 64 hexadecimal digits')
  return pin
}

/** The root with this SHA-256, from a server that nothing else is known of. */
export async function fetchRoot(server: Server, fingerprint: string): Promise<string> {
  const wanted = canonicalPin(fingerprint)
  const found = (await ask(server, { operation: 'cacerts' })).find(
    ({ raw }) => createHash('sha256').update(raw).digest('hex') === wanted,
  )
  if (!found) throw new ServerUntrustedError(`${server.url} does not have the root with the SHA-256 ${wanted}`)
  return found.toString()
}

/** The authority's certificates, from a server whose chain ends at the root. */
export function fetchAuthority(server: Server, root: string): Promise<X509Certificate[]> {
  return ask(server, { operation: 'cacerts', root })
}

/** The certificate for a request: with a token the first one, with the last one's key the next one. */
export async function fetchCertificate(
  server: Server,
  question: { root: string; csr: Buffer } & ({ token: string } | { identity: Identity }),
): Promise<X509Certificate> {
  const operation = 'token' in question ? 'simpleenroll' : 'simplereenroll'
  const [certificate, ...more] = await ask(server, { operation, ...question })
  if (!certificate || more.length > 0) throw new ServerUntrustedError(`${server.url} did not answer one certificate`)
  return certificate
}

async function ask(server: Server, question: Question): Promise<X509Certificate[]> {
  const { status, retryAfter, body } = await exchange(server, question)
  const said = body
    .toString('utf8')
    .slice(0, 200)
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
  if (status === 202 || status === 408 || status === 429 || status >= 500)
    throw new EnrolmentUnavailableError(`${server.url} cannot do it now (${status}): ${said}`, { retryAfter })
  if (status !== 200) throw new EnrolmentRefusedError(`${server.url} refused (${status}): ${said}`, status)
  try {
    return readCertificates(Buffer.from(body.toString('latin1'), 'base64'))
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause
    throw new ServerUntrustedError(`${server.url} did not answer certificates`, { cause })
  }
}

type Answer = { status: number; retryAfter: number | undefined; body: Buffer }

function exchange(server: Server, { operation, root, identity, token, csr }: Question): Promise<Answer> {
  const options: RequestOptions = {
    method: csr ? 'POST' : 'GET',
    agent: false,
    minVersion: 'TLSv1.3',
    // Nothing that the system trusts counts.
    ca: root ?? [],
    rejectUnauthorized: root !== undefined,
    timeout: timeoutMs,
    ...(identity && { cert: identity.certificate, key: identity.key }),
    ...(server.signal && { signal: server.signal }),
    headers: {
      ...(csr && { 'Content-Type': 'application/pkcs10', 'Content-Transfer-Encoding': 'base64' }),
      ...(token !== undefined && { Authorization: `Basic ${Buffer.from(`anbox:${token}`).toString('base64')}` }),
    },
  }
  return new Promise<Answer>((resolve, reject) => {
    const fail = (error: unknown) => reject(failure(server, error))
    const sent = request(`${server.url}/.well-known/est/${operation}`, options, (response) => {
      read(response).then(resolve, fail)
    })
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })))
    sent.on('error', fail)
    sent.end(csr?.toString('base64'))
  })
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > longestAnswer) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  const seconds = Number(response.headers['retry-after'])
  const retryAfter = seconds > 0 && seconds < 86_400 ? seconds * 1_000 : undefined
  return { status: response.statusCode ?? 0, retryAfter, body: Buffer.concat(chunks) }
}

function failure({ url, signal }: Server, error: unknown): unknown {
  if (signal?.aborted) return signal.reason
  const { code = '', message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) }
  if (code === 'CERT_NOT_YET_VALID') return new ClockWrongError(new Date(), `before the certificate of ${url} began`)
  if (code === '' || unreached.test(code))
    return new EnrolmentUnavailableError(`${url} was not reached: ${message}`, { cause: error })
  return new ServerUntrustedError(`${url} is not trusted: ${message}`, { cause: error })
}
