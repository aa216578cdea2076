import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { WebSocketServer } from 'ws'
import { make } from '../../test/certificates.ts'
import { bodyOf, fail, started, sync } from '../../test/server.ts'
import { AmsClient } from '../ams/client.ts'
import { InvalidRequestError, ServerIdentityError, UnauthorizedError } from '../errors.ts'
import type { TokenProvider, TokenRequest } from './token.ts'

const test = suite('bearer tokens')
const made = make('127.0.0.1')

/** Takes only the token `accepted`, over TLS. */
async function server() {
  const seen: { line: string; token: string; body: string }[] = []
  const state = { accepted: 'good', seen, url: '', refused: 0 }
  const https = createTlsServer({ cert: made.certificate, key: made.key, minVersion: 'TLSv1.3' })
  const tokenOf = (header = '') => /^Bearer (.*)$/.exec(header)?.[1] ?? ''
  https.on('request', async (asked, answer) => {
    const token = tokenOf(asked.headers.authorization)
    seen.push({ line: `${asked.method} ${asked.url}`, token, body: (await bodyOf(asked)).toString() })
    if (token !== state.accepted) {
      state.refused += 1
      return fail(answer, 401, 'not authorized')
    }
    if (asked.method === 'GET') sync(answer, [])
    else started(answer, { id: 'o1', status: 'Success', status_code: 200 } as never)
  })
  const upgrades = new WebSocketServer({ noServer: true })
  https.on('upgrade', (asked, raw, head) => {
    const token = tokenOf(asked.headers.authorization)
    seen.push({ line: `SOCKET ${asked.url}`, token, body: '' })
    if (token === state.accepted) return upgrades.handleUpgrade(asked, raw, head, () => {})
    const body = '{"type":"error","error":"not authorized","error_code":401}'
    raw.end(`HTTP/1.1 401 Unauthorized\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  })
  await new Promise<void>((done) => https.listen(0, '127.0.0.1', done))
  state.url = `https://127.0.0.1:${(https.address() as AddressInfo).port}`
  return Object.assign(state, {
    client: (bearer: string | TokenProvider) =>
      new AmsClient({ url: state.url, ca: made.certificate, bearer, retries: 0 }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of upgrades.clients) socket.terminate()
      https.closeAllConnections()
      await new Promise((done) => https.close(done))
    },
  })
}

/** A provider whose tokens are those given, in turn. */
function provider(...tokens: string[]) {
  const calls: boolean[] = []
  const give = async ({ refresh }: TokenRequest) => {
    calls.push(refresh)
    await sleep(20)
    return tokens[calls.length - 1] ?? 'none left'
  }
  return { calls, give }
}

test('a token travels with requests and WebSockets, and is asked for once', async () => {
  await using it = await server()
  const { calls, give } = provider('good')
  await using ams = it.client(give)
  await Promise.all(Array.from({ length: 20 }, () => ams.nodes.list()))
  await ams.events().open()
  assert.deepEqual(calls, [false])
  assert.ok(it.seen.length === 21 && it.seen.every(({ token }) => token === 'good'))
})

test('a text as a token; one that is refused is an UnauthorizedError, at once', async () => {
  await using it = await server()
  await using good = it.client('good')
  assert.deepEqual(await good.nodes.list(), [])
  await using bad = it.client('bad')
  await assert.rejects(bad.nodes.list(), { name: 'UnauthorizedError', code: 'unauthorized', server: 'not authorized' })
  assert.equal(it.seen.length, 2)
})

test('many refusals at once call the provider once, and each request is sent once more', async () => {
  await using it = await server()
  const { calls, give } = provider('old', 'good')
  await using ams = it.client(give)
  await Promise.all([
    ...Array.from({ length: 20 }, () => ams.nodes.list()),
    ams.config.set('a', 'b'),
    ams.events().open(),
  ])
  assert.deepEqual(calls, [false, true])
  assert.equal(it.seen.filter(({ line }) => line.startsWith('GET')).length, 40)
  assert.deepEqual(
    it.seen.filter(({ line }) => line.startsWith('PATCH')).map(({ token, body }) => [token, body]),
    ['old', 'good'].map((token) => [token, '{"name":"a","value":"b"}']),
  )
})

test('a token refused twice is not asked for a third time in that call, but in the next', async () => {
  await using it = await server()
  const { calls, give } = provider('a', 'b', 'good')
  await using ams = it.client(give)
  await assert.rejects(ams.nodes.list(), UnauthorizedError)
  assert.deepEqual(calls, [false, true])
  assert.deepEqual(await ams.nodes.list(), [])
  assert.deepEqual(calls, [false, true, true])
})

test('a file is sent again; of a stream the error says that it cannot be, and the next call has another token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-bearer-'))
  const file = join(folder, 'image.tar.xz')
  writeFileSync(file, 'bytes of a file')
  try {
    await using it = await server()
    const { calls, give } = provider('good', 'new', 'better')
    await using ams = it.client(give)
    // The event socket is open from here on, so it is the upload that meets the refusal.
    await ams.images.delete('before')
    it.accepted = 'new'
    await ams.images.upload('one', file)
    const posts = () => it.seen.filter(({ line }) => line.startsWith('POST')).map(({ token, body }) => [token, body])
    assert.deepEqual(posts(), [
      ['good', 'bytes of a file'],
      ['new', 'bytes of a file'],
    ])
    it.accepted = 'better'
    const stream = () => Readable.from([Buffer.from('bytes of a stream')])
    await assert.rejects(ams.images.upload('two', stream()), (error) => {
      assert.ok(error instanceof UnauthorizedError)
      assert.deepEqual([error.status, error.method, error.path], [401, 'POST', '/1.0/images'])
      assert.match(error.message, /a stream, which cannot be sent again/)
      return true
    })
    assert.equal(posts().length, 3)
    await ams.images.upload('two', stream())
    assert.deepEqual(posts().at(-1), ['better', 'bytes of a stream'])
    assert.deepEqual(calls, [false, true, false])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('who aborts stops waiting; the provider is told when nobody waits any more, and asked anew by the next', async () => {
  await using it = await server()
  const asked: TokenRequest[] = []
  const answers: ((token: string) => void)[] = []
  await using ams = it.client((request) => {
    asked.push(request)
    return new Promise((resolve) => answers.push(resolve))
  })
  const [one, two] = [new AbortController(), new AbortController()]
  const calls = [one, two].map(({ signal }) => ams.nodes.list({ signal }))
  await sleep(20)
  one.abort(new Error('first'))
  await assert.rejects(calls[0] ?? Promise.resolve(), /first/)
  assert.deepEqual([asked.length, asked[0]?.signal.aborted], [1, false])
  two.abort(new Error('second'))
  await assert.rejects(calls[1] ?? Promise.resolve(), /second/)
  assert.equal(asked[0]?.signal.aborted, true)
  const third = ams.nodes.list()
  answers[0]?.('late')
  await sleep(20)
  answers[1]?.('good')
  assert.deepEqual(await third, [])
  assert.equal(asked.length, 2)
})

test('closing the client ends the wait for a token', async () => {
  await using it = await server()
  const ams = it.client(() => new Promise(() => {}))
  const waiting = assert.rejects(ams.nodes.list(), { code: 'closed' })
  await ams.close()
  await waiting
})

test('a provider that fails, or gives what is no token, is told, and asked again by the next call', async () => {
  await using it = await server()
  const answers: (() => string)[] = [
    () => {
      throw new Error('the identity provider is away')
    },
    () => '',
    () => 'two words',
    () => 'line\r\nbreak',
    () => undefined as never,
    () => 'good',
  ]
  await using ams = it.client(() => (answers.shift() ?? (() => ''))())
  await assert.rejects(ams.nodes.list(), (error) => {
    assert.ok(error instanceof UnauthorizedError)
    assert.match(String(error.cause), /is away/)
    return true
  })
  for (let round = 0; round < 4; round++) {
    await assert.rejects(ams.nodes.list(), (error: Error) => {
      assert.ok(error instanceof InvalidRequestError)
      assert.doesNotMatch(inspect(error), /two words|break/)
      return true
    })
  }
  assert.equal(it.seen.length, 0)
  assert.deepEqual(await ams.nodes.list(), [])
})

test('the token is nowhere to be seen: not in the client, not in errors', async () => {
  await using it = await server()
  const secret = 'hush-hush-hush'
  for (const bearer of [secret, async () => secret]) {
    await using ams = it.client(bearer)
    const error = await ams.nodes.list().catch((error) => error)
    const socket = await ams
      .events()
      .open()
      .catch((error) => error)
    for (const thing of [ams, ams.connection, error, socket]) {
      assert.doesNotMatch(inspect(thing, { depth: 12, showHidden: true }), /hush/)
      assert.doesNotMatch(String(JSON.stringify(thing)), /hush/)
    }
  }
})

test("a server that is not trusted is sent no token: by the system's CAs, another CA, another fingerprint", async () => {
  await using it = await server()
  const other = make('127.0.0.1')
  for (const trust of [{}, { ca: other.certificate }, { fingerprint: other.fingerprint }]) {
    await using ams = new AmsClient({ url: it.url, bearer: 'good', retries: 0, ...trust })
    await assert.rejects(ams.nodes.list(), ServerIdentityError)
  }
  assert.equal(it.seen.length, 0)
  await using pinned = new AmsClient({ url: it.url, bearer: 'good', fingerprint: made.fingerprint })
  assert.deepEqual(await pinned.nodes.list(), [])
})

test('what does not go together is refused, by the compiler and when run', () => {
  const url = 'https://127.0.0.1:8444'
  const { certificate, key, fingerprint } = made
  const wrong = (make: () => unknown) => assert.throws(make, InvalidRequestError)
  // @ts-expect-error a socket knows its caller
  wrong(() => new AmsClient({ socketPath: '/x', bearer: 'good' }))
  // @ts-expect-error a certificate or a token
  wrong(() => new AmsClient({ url, certificate, key, fingerprint, bearer: 'good' }))
  // @ts-expect-error one way to trust the server
  wrong(() => new AmsClient({ url, bearer: 'good', ca: certificate, fingerprint }))
  // @ts-expect-error it is called bearer
  wrong(() => new AmsClient({ url, token: 'good' }))
  // @ts-expect-error nobody
  wrong(() => new AmsClient({ url }))
  wrong(() => new AmsClient({ url: 'http://127.0.0.1:8444', bearer: 'good' }))
  wrong(() => new AmsClient({ url, bearer: '' }))
  wrong(() => new AmsClient({ url, bearer: 'a\nb' }))
})
