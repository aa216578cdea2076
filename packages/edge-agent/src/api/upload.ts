// Uploads, spooled whole before anything is said about them.
import type { FastifyRequest } from 'fastify'
import type { Spool, Spooled } from '../catalogue/spool.ts'
import { badRequest } from '../errors.ts'
import { uploadOf } from './body.ts'

/** Milliseconds that an upload, and the reading of it, may take. */
const patience = 3600_000

type Received = { spooled: Spooled; signal: AbortSignal }

/** @param refusal what is wrong with a file that begins with these six bytes, if anything. @throws ApiError 400 and 503. */
async function receiveUpload(
  request: FastifyRequest,
  spool: Spool,
  refusal: (head: Buffer) => string | undefined,
): Promise<Received> {
  const upload = uploadOf(request)
  if (!upload) throw badRequest('send the file as the body, with the content type application/octet-stream')
  const signal = AbortSignal.timeout(patience)
  const given = request.headers['x-ams-fingerprint']
  const fingerprint = typeof given === 'string' && given !== '' ? given : undefined
  return { spooled: await spool.receive(upload, fingerprint, refusal, signal), signal }
}

/** Receives an upload for some work; of what the work refuses nothing is left. @throws ApiError 400, 503, and what the work throws. */
export async function withUpload<T>(
  request: FastifyRequest,
  spool: Spool,
  refusal: (head: Buffer) => string | undefined,
  work: (received: Received) => T | Promise<T>,
): Promise<T> {
  const received = await receiveUpload(request, spool, refusal)
  try {
    return await work(received)
  } catch (error) {
    spool.drop(received.spooled)
    throw error
  }
}
