// Every way in which a call can fail, tried on every method of a client. The rows are those of the wire tests.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import * as errors from '../../src/errors.ts'
import type { CallOptions } from '../../src/operations/api.ts'
import { fail, type Handlers, type LocalServer, serve } from '../server.ts'
import type { Row } from './row.ts'

export type Client = { close(): Promise<void> }
export type Subject<C extends Client> = {
  rows: Row<C>[]
  /** A client that tries nothing again. */
  connect: (server: LocalServer) => C
  /** A server with the handlers; over a unix socket unless said. */
  serve?: (handlers: Handlers) => Promise<LocalServer>
}

type Failure = {
  name: string
  answer: RequestListener
  options?: () => CallOptions
  /** How the call has to end. */
  expect: (error: unknown) => void
  /** Nothing may have been asked for. */
  silent?: boolean
}

const reason = new Error('changed my mind')
const is = (code: errors.Code) => (error: unknown) => {
  assert.ok(error instanceof errors.AnboxError, inspect(error))
  assert.equal(error.code, code, inspect(error))
}
const oneOf =
  (...codes: errors.Code[]) =>
  (error: unknown) => {
    assert.ok(error instanceof errors.AnboxError && codes.includes(error.code), inspect(error))
  }
const refusal = (status: number, code: errors.Code): Failure => ({
  name: String(status),
  answer: (_asked, answer) => fail(answer, status, `refused with ${status}`),
  expect: is(code),
})
const never: RequestListener = () => {}
const page = '<html><head><title>Bad Gateway</title></head><body>nginx</body></html>'

export const failures: Failure[] = [
  {
    name: 'aborted before',
    answer: never,
    options: () => ({ signal: AbortSignal.abort(reason) }),
    expect: (error) => assert.equal(error, reason),
    silent: true,
  },
  {
    name: 'aborted during',
    answer: never,
    options: () => {
      const abort = new AbortController()
      setTimeout(() => abort.abort(reason), 60)
      return { signal: abort.signal }
    },
    expect: (error) => assert.equal(error, reason),
  },
  { name: 'deadline', answer: never, options: () => ({ deadline: 60 }), expect: is('timeout') },
  refusal(401, 'unauthorized'),
  refusal(403, 'forbidden'),
  refusal(404, 'not-found'),
  refusal(409, 'conflict'),
  refusal(412, 'precondition-failed'),
  refusal(500, 'server-error'),
  {
    name: "a proxy's page with 502",
    answer: (_asked, answer) => answer.writeHead(502, { 'content-type': 'text/html' }).end(page),
    expect: is('unavailable'),
  },
  {
    name: 'a truncated body',
    answer: (_asked, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      answer.write('{"type":"sync","status":"Success","status_code":200,"metadata":[{"name":"a')
      setTimeout(() => answer.destroy(), 10)
    },
    expect: oneOf('unavailable', 'server-error'),
  },
  {
    name: 'a reset',
    answer: (asked) => asked.socket.destroy(),
    expect: is('unavailable'),
  },
]

/** Tries one failure on all rows. @throws with the names of all rows that end otherwise. */
export async function tryFailure<C extends Client>(subject: Subject<C>, failure: Failure): Promise<void> {
  const problems: string[] = []
  const unhandled = (error: unknown) => problems.push(`unhandled: ${inspect(error)}`)
  process.on('unhandledRejection', unhandled)
  await new Promise((resolve) => setTimeout(resolve, 50))
  const before = resources()
  const queue = [...subject.rows]
  const worker = async () => {
    for (let row = queue.shift(); row; row = queue.shift()) {
      try {
        await tryRow(subject, failure, row)
      } catch (error) {
        problems.push(`${row.name}: ${(error as Error).message.slice(0, 500)}`)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: 16 }, worker))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(problems, [])
    const left = Object.entries(resources()).filter(([kind, count]) => count > (before[kind] ?? 0))
    assert.deepEqual(left, [], 'sockets, pipes or timers are left')
  } finally {
    process.off('unhandledRejection', unhandled)
  }
}

async function tryRow<C extends Client>(subject: Subject<C>, failure: Failure, row: Row<C>): Promise<void> {
  let asked = 0
  await using server = await (subject.serve ?? serve)({
    request: (request, answer) => {
      asked += 1
      request.on('error', () => {}).resume()
      failure.answer(request, answer)
    },
    // The events of a server whose API fails.
    socket: () => {},
  })
  const client = subject.connect(server)
  const options = failure.options?.() ?? {}
  try {
    await assert.rejects(
      async () => consumed(await row.call(client, options)),
      (error) => {
        failure.expect(error)
        assert.doesNotMatch(inspect(error, { depth: 5, showHidden: true }), /PRIVATE KEY|hush/)
        return true
      },
    )
    if (failure.silent) assert.equal(asked, 0, 'something was asked for')
    if (options.signal) assert.deepEqual(getEventListeners(options.signal, 'abort'), [], 'listeners are left')
  } finally {
    await client.close()
  }
}

/** Reads the streams of a result: an answer may break off there. */
async function consumed(result: unknown): Promise<void> {
  const streams = [result, ...(typeof result === 'object' && result !== null ? Object.values(result) : [])]
  for (const stream of streams) if (stream instanceof Readable) await stream.resume().toArray()
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo().filter((kind) => kind !== 'Immediate'))
    counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
