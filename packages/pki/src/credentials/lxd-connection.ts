// Connections to an LXD that is known by the SHA-256 of its certificate alone. Nothing is sent on one before its other end
// has shown that certificate; then it carries one request.
import { request } from 'node:http'
import { connect, type TLSSocket } from 'node:tls'
import { fingerprintOf } from '../authority/certificate.ts'
import { EnrolmentUnavailableError, PkiError, ServerUntrustedError } from '../errors.ts'

export type Place = { host: string; port: number }
export type Client = { certificate: string; key: string }
export type Answer = { status: number; body: { error?: string; metadata?: unknown } }
/** `pin`: SHA-256 of the server's certificate. `timeout`: milliseconds. */
export type Call = { pin: string; timeout: number; signal?: AbortSignal }

/** Finds the server that the token names, showing nothing of ourselves. */
export async function reach(places: Place[], call: Call): Promise<{ place: Place; server: string }> {
  const failures: PkiError[] = []
  for (const place of places) {
    try {
      const socket = await open(place, undefined, call)
      const server = socket.getPeerX509Certificate()?.toString() ?? ''
      socket.destroy()
      return { place, server }
    } catch (error) {
      if (!(error instanceof PkiError)) throw error
      failures.push(error)
    }
  }
  // That somebody else answered says more than that nobody did.
  throw failures.find((error) => error instanceof ServerUntrustedError) ?? failures[0]
}

/** A connection whose other end has the key of the pinned certificate. */
function open({ host, port }: Place, client: Client | undefined, { pin, timeout, signal }: Call): Promise<TLSSocket> {
  signal?.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      minVersion: 'TLSv1.3',
      // The pin decides, below. With no CAs at all OpenSSL finds nothing to send along with our leaf.
      rejectUnauthorized: false,
      ca: [],
      ...(client && { cert: client.certificate, key: client.key }),
    })
    const fail = (cause: Error) => {
      socket.destroy()
      const message = `LXD at ${host}:${port} cannot be reached: ${cause.message}`
      reject(signal?.aborted ? signal.reason : new EnrolmentUnavailableError(message, { cause }))
    }
    const abort = () => fail(new Error('aborted'))
    signal?.addEventListener('abort', abort, { once: true })
    socket.setTimeout(timeout, () => fail(new Error(`no answer in ${timeout} ms`)))
    socket.once('error', fail)
    socket.once('close', () => signal?.removeEventListener('abort', abort))
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()
      if (shown && fingerprintOf(shown) === pin) return resolve(socket)
      socket.destroy()
      reject(
        new ServerUntrustedError(
          `who answers at ${host}:${port} is not the LXD that the token is for; it was not sent`,
        ),
      )
    })
  })
}

export async function exchange(
  place: Place,
  client: Client,
  { method, path, body, ...call }: Call & { method: string; path: string; body?: unknown },
): Promise<Answer> {
  const socket = await open(place, client, call)
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      const headers = {
        host: place.host,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      }
      const sent = request({ method, path, headers, createConnection: () => socket }, async (answer) => {
        try {
          let read = ''
          for await (const chunk of answer.setEncoding('utf8')) read += chunk
          resolve({ status: answer.statusCode ?? 0, body: record(JSON.parse(read)) })
        } catch (cause) {
          reject(cause)
        }
      })
      socket.removeAllListeners('timeout').once('timeout', () => sent.destroy(new Error('no answer in time')))
      sent.once('error', reject).end(text)
    })
  } catch (cause) {
    call.signal?.throwIfAborted()
    const message = `LXD at ${place.host}:${place.port} gave no answer to ${method} ${path}: ${(cause as Error).message}`
    throw new EnrolmentUnavailableError(message, { cause })
  } finally {
    socket.destroy()
  }
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
