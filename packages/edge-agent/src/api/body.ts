// Request bodies. Public clients of AMS send JSON without a content type, and uploads chunked without a length, so only
// `application/octet-stream` means an upload and everything else is JSON.
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ApiError, badRequest } from '../errors.ts'

const largest = 1024 * 1024

export function addBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
  app.addContentTypeParser('*', async (_request: FastifyRequest, payload: Readable) =>
    parseJson(await readAll(payload)),
  )
}

/** To its end, also when it is too long: a client that still sends would not see the answer. @throws ApiError 413. */
async function readAll(payload: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= largest) chunks.push(chunk)
    else chunks.length = 0
  }
  if (size > largest) throw new ApiError(413, `the request body has ${size} bytes; ${largest} are the most`)
  return Buffer.concat(chunks)
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw badRequest(`the request body is not JSON: ${(error as Error).message}`)
  }
}

/** The upload, or undefined when the request is JSON. */
export function uploadOf(request: FastifyRequest): Readable | undefined {
  const body = request.body as Readable | undefined
  return typeof body?.pipe === 'function' ? body : undefined
}

/** The JSON that goes beside an upload. @throws ApiError 400. */
export function uploadRequest(request: FastifyRequest): Record<string, unknown> {
  const text = request.headers['x-ams-request']
  if (!text) return {}
  try {
    const value: unknown = JSON.parse(String(text))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Said below.
  }
  throw new ApiError(400, 'the header X-AMS-Request is not a JSON object')
}
