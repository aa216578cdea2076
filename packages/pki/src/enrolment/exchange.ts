// One HTTP request to the EST server: its parts, read with limits, and the answer.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from './refusal.ts'

/** Octets: four times what a request with an RSA key of 4096 bits has in base64. */
const longestBody = 8_192
const longestToken = 128

/** The CSR in the body (RFC 7030, 4.2.1): DER in base64, with or without line ends. */
export async function readRequestBody(request: IncomingMessage): Promise<Buffer> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/pkcs10') throw new Refusal(415, 'the body must be application/pkcs10')
  const bytes = await read(request)
  const text = bytes.toString('latin1').replaceAll(/[\r\n\t ]/g, '')
  if (text === '' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    throw new Refusal(400, 'the body must be a certificate request in base64')
  return Buffer.from(text, 'base64')
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > longestBody) break
      chunks.push(chunk)
    }
  } catch {
    throw new Refusal(400, 'the body was cut off')
  }
  if (length > longestBody) throw new Refusal(413, `a request has at most ${longestBody} octets`)
  return Buffer.concat(chunks)
}

/** The token: the password of HTTP's basic authentication, under any user name. */
export function tokenOf(request: IncomingMessage): string {
  const [, credentials = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(request.headers.authorization ?? '') ?? []
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  const token = text.slice(colon + 1)
  if (colon < 0 || token === '' || token.length > longestToken) throw new Refusal(401, 'a token is needed')
  return token
}

/** Base64 without line ends: strongSwan 5.9.8 does not read them, whatever RFC 2045 says. */
export function answerPkcs7(response: ServerResponse, der: Buffer): void {
  const body = der.toString('base64')
  response.writeHead(200, {
    'Content-Type': 'application/pkcs7-mime; smime-type=certs-only',
    'Content-Transfer-Encoding': 'base64',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

export function answerText(response: ServerResponse, status: number, text: string, headers = {}): void {
  const body = Buffer.from(text)
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...headers,
  })
  response.end(body)
}

export function answerRefusal(response: ServerResponse, { status, message, retryAfter }: Refusal): void {
  answerText(response, status, `${message}\n`, {
    ...(status === 401 && { 'WWW-Authenticate': 'Basic realm="anbox-pki"' }),
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    // What is left of a body that was too long is not read.
    ...(status === 413 && { Connection: 'close' }),
  })
}
