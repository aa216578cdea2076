// Answers come in an envelope (JSON with `type`), or raw: a file. LXD and AMS share the shape.
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { errorForStatus, ServerError } from '../errors.ts'
import { heldErrors } from './upload.ts'

export type Envelope<T = unknown> = {
  type: 'sync' | 'async' | 'error'
  status?: string
  status_code?: number
  /** URL of the operation, where `type` is `async`. */
  operation?: string
  metadata: T
  error?: string
  error_code?: number
  /** Of the whole collection, where only a part was asked for. */
  total_size?: number
}

export type Reply<T = unknown> = {
  status: number
  /** By lower-case name. */
  headers: Record<string, string | undefined>
  /** There unless the answer is raw. */
  envelope?: Envelope<T>
  /** The raw answer; empty where there is an envelope. Has to be read or destroyed. */
  body: Readable
}

type Asked = {
  method: string
  path: string
  raw?: boolean
  /** What a break in the middle of a raw answer means. */
  explain: (error: unknown) => unknown
}

/** Reads an answer. Throws the error that it states; its body is then read or gone. */
export async function readReply<T>(answer: Dispatcher.ResponseData, asked: Asked): Promise<Reply<T>> {
  const { statusCode: status, body } = answer
  const headers = flat(answer.headers)
  const json = /^application\/([\w.-]+\+)?json\b/.test(headers['content-type'] ?? '')
  if (status >= 200 && status < 300 && (asked.raw || !json)) {
    // A proxy's page with status 200 is no file of ours.
    if (!asked.raw && /^text\/html\b/.test(headers['content-type'] ?? '')) {
      const words = await excerpt(body)
      throw new ServerError(`${asked.method} ${asked.path}: the answer is a web page, not the API: ${words}`, {
        ...request(asked),
        status,
        server: words,
      })
    }
    return { status, headers, body: explained(body, asked.explain) }
  }
  if (!json) throw errorForStatus(status, await excerpt(body), request(asked))
  const envelope = parse<T>(await body.text(), asked, status)
  // AMS's own clients go by the type alone, so a server may state an error with status 200.
  if (status >= 400 || envelope.type === 'error') {
    const words = envelope.error || `status ${status} without an explanation`
    throw errorForStatus(status >= 400 ? status : statusOf(envelope), words, request(asked))
  }
  return { status, headers, envelope, body: Readable.from([]) }
}

/** AMS and LXD state it as `error_code`, the gateway as `status_code`. */
function statusOf({ error_code, status_code = 0 }: Envelope): number {
  return error_code || (status_code >= 400 ? status_code : 500)
}

function request({ method, path }: Asked): { method: string; path: string } {
  return { method, path }
}

function parse<T>(text: string, asked: Asked, status: number): Envelope<T> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'type' in value) return value as Envelope<T>
  } catch {
    // Told below: cut off or not JSON at all.
  }
  const words = text.slice(0, 200)
  if (status >= 400) throw errorForStatus(status, words, request(asked))
  const message = `${asked.method} ${asked.path}: the answer is not in the API's envelope: ${words}`
  throw new ServerError(message, { ...request(asked), status, server: words })
}

/** The stream itself, with its errors in this package's terms: another stream behind it would copy every byte. */
function explained(body: Readable, explain: Asked['explain']): Readable {
  const destroy = body._destroy.bind(body)
  body._destroy = (error, done) => destroy(error && (explain(error) as Error), done)
  // undici calls it an error when a body is destroyed that was not read to its end.
  return heldErrors(body)
}

/** The first words of an answer for a person, tags removed. */
async function excerpt(body: Readable): Promise<string> {
  let text = ''
  try {
    for await (const chunk of body) {
      text += String(chunk)
      if (text.length > 8192) break
    }
  } catch {
    // The status says enough.
  }
  const words = text.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ')
  return words.replace(/\s+/g, ' ').trim().slice(0, 200) || 'no explanation'
}

function flat(headers: Dispatcher.ResponseData['headers']): Reply['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]))
}
