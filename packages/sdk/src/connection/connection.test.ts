import assert from 'node:assert/strict'
import { createReadStream, readdirSync, readlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { bodyOf, fail, reply, serve, sync } from '../../test/server.ts'
import * as errors from '../errors.ts'
import { Connection } from './connection.ts'
import { fileSource } from './file.ts'
import { path } from './path.ts'

const test = suite('requests')

test('a GET that got no answer is repeated, a POST and a DELETE never', async () => {
  let lost = 0
  await using server = await serve({
    request: (asked, answer) => {
      if (lost-- > 0) asked.socket.destroy()
      else sync(answer, 'here')
    },
  })
  await using connection = new Connection({ socketPath: server.socketPath, retries: 2 })
  lost = 2
  assert.equal((await connection.request('GET', '/1.0')).envelope?.metadata, 'here')
  assert.equal(server.seen.length, 3)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
    lost = 1
    await assert.rejects(connection.request(method, '/1.0/x', { body: {} }), errors.UnavailableError)
    assert.equal(server.seen.filter((line) => line.startsWith(method)).length, 1)
  }
  lost = 3
  await assert.rejects(connection.request('GET', '/1.0'), { code: 'unavailable', method: 'GET', path: '/1.0' })
})

test('a GET that got 503 is repeated, one that got 500 is not', async () => {
  const answers = [503, 500]
  await using server = await serve({ request: (_, answer) => fail(answer, answers.shift() ?? 0, 'not now') })
  await using connection = new Connection({ socketPath: server.socketPath })
  await assert.rejects(connection.request('GET', '/1.0'), { name: 'ServerError', status: 500, server: 'not now' })
  assert.equal(server.seen.length, 2)
})

test('requests one after the other are sent over kept-alive connections', async () => {
  await using server = await serve({ request: (_, answer) => sync(answer, {}) })
  await using connection = new Connection({ socketPath: server.socketPath })
  for (let i = 0; i < 20; i++) await connection.request('GET', '/1.0')
  // An answer may be read to its end a moment before its connection is free again; two take turns then.
  assert.ok(server.connections <= 2, `${server.connections} connections`)
})

test('each status becomes the error that says what to do, with the words of the server', async () => {
  await using server = await serve({
    request: (asked, answer) => fail(answer, Number(asked.url?.slice(1)), 'its own words'),
  })
  await using connection = new Connection({ socketPath: server.socketPath, retries: 0 })
  const expected = {
    400: errors.InvalidRequestError,
    401: errors.UnauthorizedError,
    403: errors.ForbiddenError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    412: errors.PreconditionFailedError,
    418: errors.InvalidRequestError,
    500: errors.ServerError,
    501: errors.NotSupportedError,
    503: errors.UnavailableError,
  }
  for (const [status, Class] of Object.entries(expected)) {
    const error = await connection.request('GET', `/${status}`).then(
      () => assert.fail(),
      (error: errors.AnboxError) => error,
    )
    assert.ok(error instanceof Class && error.code in errors.codes, `${status} became ${error.name}`)
    assert.deepEqual(
      [error.status, error.method, error.path, error.server],
      [Number(status), 'GET', `/${status}`, 'its own words'],
    )
    assert.match(error.message, /GET \/\d+ was refused: its own words/)
  }
})

test('an error stated with status 200, a page of a proxy, and half an answer are errors', async () => {
  const html = '<html><head><style>p {}</style></head><body><h1>502 Bad\n Gateway</h1></body></html>'
  await using server = await serve({
    request: (asked, answer) => {
      if (asked.url === '/stated') return reply(answer, 200, { type: 'error', error: 'gone', error_code: 404 })
      if (asked.url === '/half') return answer.writeHead(200, { 'content-type': 'application/json' }).end('{"type":"sy')
      answer.writeHead(asked.url === '/page' ? 502 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(html)
    },
  })
  await using connection = new Connection({ socketPath: server.socketPath, retries: 0 })
  await assert.rejects(connection.request('GET', '/stated'), { name: 'NotFoundError', server: 'gone' })
  await assert.rejects(connection.request('GET', '/page'), {
    name: 'UnavailableError',
    status: 502,
    server: '502 Bad Gateway',
  })
  await assert.rejects(connection.request('GET', '/fine'), {
    name: 'ServerError',
    status: 200,
    server: '502 Bad Gateway',
  })
  await assert.rejects(connection.request('GET', '/half'), { name: 'ServerError', server: '{"type":"sy' })
})

test('names are percent-encoded, and a name cannot lead elsewhere', async () => {
  await using server = await serve({ request: (_, answer) => sync(answer, {}) })
  await using connection = new Connection({ socketPath: server.socketPath })
  await connection.request('GET', path`/1.0/images/${'jammy:android15:arm64'}/${'a/b ü?#'}`, {
    query: { x: 'ä&b', no: undefined },
  })
  assert.deepEqual(server.seen, ['GET /1.0/images/jammy:android15:arm64/a%2Fb%20%C3%BC%3F%23?x=%C3%A4%26b'])
  for (const name of ['', '.', '..']) assert.throws(() => path`/1.0/instances/${name}`, errors.InvalidRequestError)
})

test('a raw answer is a stream, its failure an error', async () => {
  await using server = await serve({
    request: (asked, answer) => {
      if (asked.url === '/file') answer.writeHead(200, { 'content-type': 'application/json' }).end('{"my":"file"}')
      else fail(answer, 404, 'no such log')
    },
  })
  await using connection = new Connection({ socketPath: server.socketPath })
  const { body, envelope } = await connection.request('GET', '/file', { raw: true })
  assert.equal(envelope, undefined)
  assert.equal(await text(body), '{"my":"file"}')
  await assert.rejects(connection.request('GET', '/other', { raw: true }), errors.NotFoundError)
})

test('a raw answer that breaks off in the middle ends its stream with an error of ours', async () => {
  await using server = await serve({
    request: (_asked, answer) => {
      answer.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': '1000' }).write('begin')
      setTimeout(() => answer.destroy(), 20)
    },
  })
  await using connection = new Connection({ socketPath: server.socketPath })
  const { body } = await connection.request('GET', '/1.0/file', { raw: true })
  await assert.rejects(text(body), { name: 'UnavailableError', method: 'GET', path: '/1.0/file' })
})

test('a raw answer that is not wanted can be destroyed', async () => {
  await using server = await serve({
    request: (_asked, answer) => answer.writeHead(200, { 'content-type': 'application/octet-stream' }).write('begin'),
  })
  await using connection = new Connection({ socketPath: server.socketPath })
  const { body } = await connection.request('GET', '/1.0/file', { raw: true })
  body.destroy()
  await new Promise((resolve) => setTimeout(resolve, 20))
})

test('an upload is streamed, counted, and given up only when it stands still', async () => {
  let got = 0
  await using server = await serve({
    request: async (asked, answer) => {
      got = (await bodyOf(asked)).byteLength
      sync(answer, {})
    },
  })
  await using connection = new Connection({ socketPath: server.socketPath })
  let counted = 0
  const slow = async function* () {
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      yield Buffer.alloc(1000)
    }
  }
  const count = (bytes: number) => {
    counted += bytes
  }
  await connection.request('POST', '/1.0/images', { stream: slow(), onChunk: count, timeout: 300 })
  assert.deepEqual([got, counted], [10_000, 10_000])
  const stuck = new Readable({ read() {} })
  await assert.rejects(connection.request('POST', '/1.0/images', { stream: stuck, timeout: 100 }), errors.TimeoutError)
  assert.ok(stuck.destroyed)
})

test('an upload that is aborted at any moment leaves no timer and no open file', async () => {
  await using server = await serve({ request: (asked) => asked.resume() })
  await using connection = new Connection({ socketPath: server.socketPath })
  const file = join(dirname(server.socketPath), 'large')
  await writeFile(file, Buffer.alloc(8 * 2 ** 20))
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const files = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === file
      } catch {
        return false
      }
    }).length
  for (const delay of [0, 1, 2, 5, 10, 20]) {
    const { stream } = await fileSource(file)
    const before = timers()
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), delay)
    const sent = connection.request('POST', '/1.0/images', { stream, signal: abort.signal })
    await assert.rejects(sent, /enough/)
    // Closing takes a busy machine a moment.
    for (let looks = 0; looks < 100 && files() > 0; looks += 1) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.deepEqual([timers(), files()], [before, 0], `aborted after ${delay} ms`)
  }
})

test('a stream that fails before it is read fails the upload, not the process', async () => {
  await using server = await serve({ request: (asked) => asked.resume() })
  await using connection = new Connection({ socketPath: server.socketPath })
  const { stream } = await fileSource(createReadStream('/nowhere'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  await assert.rejects(connection.request('POST', '/1.0/images', { stream }), /no such file/)
})

test('time-out, abort and close end a request, each in its own way', async () => {
  await using server = await serve({ request: () => {} })
  const connection = new Connection({ socketPath: server.socketPath })
  await assert.rejects(connection.request('GET', '/1.0', { timeout: 50 }), { name: 'TimeoutError', code: 'timeout' })
  const reason = new Error('changed my mind')
  const abort = new AbortController()
  const aborted = connection.request('GET', '/1.0', { signal: abort.signal })
  setTimeout(() => abort.abort(reason), 20)
  await assert.rejects(aborted, (error) => error === reason)
  const closed = connection.request('GET', '/1.0')
  setTimeout(() => connection.close(), 20)
  await assert.rejects(closed, { name: 'UnavailableError', code: 'closed' })
  await assert.rejects(connection.request('GET', '/1.0'), { code: 'closed' })
  await assert.rejects(connection.socket('/1.0/events'), { code: 'closed' })
})

test('secrets show neither in errors nor in a printed connection', async () => {
  await using server = await serve({})
  await using connection = new Connection({ socketPath: server.socketPath, retries: 0 })
  const query = { secret: 'hush-hush' }
  const failures = [
    await connection.request('GET', '/1.0/x', { query }).catch((error: unknown) => error),
    await connection.socket('/1.0/x', { query }).catch((error: unknown) => error),
  ]
  assert.ok(failures[0] instanceof errors.NotFoundError && failures[1] instanceof errors.ForbiddenError)
  assert.doesNotMatch(inspect([failures, connection], { depth: 9, showHidden: true }), /hush/)
})

test('what a server says along with the handshake is not lost', async () => {
  await using server = await serve({ socket: (socket) => socket.send('first') })
  await using connection = new Connection({ socketPath: server.socketPath })
  const socket = await connection.socket('/1.0/events')
  const first = await new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
  assert.equal(first, 'first')
})
