// The gateway's client with the stand-in for the gateway: sessions, signalling, shares, ADB, tokens.
import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { WebSocket } from 'ws'
import { parse } from 'yaml'
import { make } from '../../test/certificates.ts'
import { StandInGateway, type StandInOptions } from '../../test/gateway/stand-in.ts'
import { reply, serve } from '../../test/server.ts'
import { ForbiddenError, NotFoundError, ServerIdentityError, UnauthorizedError } from '../errors.ts'
import { AdbClient } from './adb.ts'
import { GatewayClient, openSignalling } from './client.ts'
import { decodeViewerSignal, encodeSignal, settings } from './signal.ts'
import type { Signalling } from './signalling.ts'

const test = suite('gateway')

async function scene(options?: StandInOptions) {
  const gateway = await StandInGateway.start(options)
  const trust = { fingerprint: gateway.certificate.fingerprint }
  const client = new GatewayClient({ url: gateway.url, token: gateway.token(), retries: 0, ...trust })
  const close = async () => {
    await client.close()
    await gateway[Symbol.asyncDispose]()
  }
  return { gateway, client, trust, [Symbol.asyncDispose]: close }
}

test('a session is made, listed, joined and ended; several at once, with what went wrong for each', async () => {
  await using it = await scene()
  const { sessions, service } = it.client
  const session = await sessions.create({ app: 'calculator', joinable: true })
  assert.deepEqual(await service.applications(), ['calculator'])
  assert.deepEqual(
    (await sessions.list({ status: 'active' })).map(({ id }) => id),
    [session.id],
  )
  assert.equal((await sessions.get(session.id)).app, 'calculator')
  assert.notEqual((await session.join()).url, session.url)
  const other = await sessions.create({ app: 'calculator' })
  assert.deepEqual(await sessions.deleteMany([session.id, other.id, 'nobody']), {
    deleted: [session.id, other.id],
    begun: [],
    errors: [{ id: 'nobody', message: 'not found', status: 404 }],
  })
  await assert.rejects(session.delete(), NotFoundError)
  await assert.rejects(sessions.create({ app: 'chess' }), { name: 'NotFoundError', server: 'no agent can host it' })
})

test('a session shows neither its URL nor its TURN user when it is printed', async () => {
  await using it = await scene()
  const session = await it.client.sessions.create({ app: 'calculator' })
  for (const shown of [
    inspect(session, { depth: 9, showHidden: true }),
    JSON.stringify(session),
    inspect(it.client, { depth: 9 }),
  ])
    assert.doesNotMatch(shown, /token=|turn-password|macaroon/i)
  assert.match(session.url, /token=/)
  const share = await session.share()
  const read = await it.client.shares.get(share.id)
  for (const shown of [inspect(share), JSON.stringify(read), inspect({ ...read })]) assert.doesNotMatch(shown, /token=/)
  assert.equal(read.url, share.url)
})

test('a server that repeats a token in its words does not get it into an error', async () => {
  const certificate = make('127.0.0.1')
  await using server = await serve(
    {
      request: (asked, answer) =>
        reply(answer, 400, { type: 'error', error: `bad header ${asked.headers.authorization}`, status_code: 400 }),
    },
    certificate,
  )
  const { fingerprint } = certificate
  await using client = new GatewayClient({ url: server.url, token: 'hush-hush', fingerprint, retries: 0 })
  await assert.rejects(client.service.regions(), (error) => {
    assert.match(String(error), /bad header macaroon root=…/)
    assert.doesNotMatch(inspect(error, { showHidden: true, depth: 9 }), /hush/)
    return true
  })
})

test('answers that lack what they have to have, or state an error with status 200, are errors', async () => {
  let metadata: unknown
  let error: string | undefined
  const certificate = make('127.0.0.1')
  await using server = await serve(
    {
      request: (_asked, answer) =>
        reply(answer, 200, error ? { type: 'error', status_code: 404, error } : { type: 'sync', metadata }),
    },
    certificate,
  )
  const { fingerprint } = certificate
  await using client = new GatewayClient({ url: server.url, token: 'x', fingerprint, retries: 0 })
  for (metadata of [undefined, null, {}, { id: 's' }, { id: 's', url: 7 }])
    await assert.rejects(client.sessions.create({ app: 'a' }), { name: 'ServerError' })
  metadata = undefined
  await assert.rejects(client.sessions.get('s'), { name: 'ServerError' })
  error = 'gone'
  await assert.rejects(client.sessions.get('s'), { name: 'NotFoundError', server: 'gone' })
})

test('signalling: messages both ways, in order, until a side closes', async () => {
  const heard: unknown[] = []
  const viewer = (socket: WebSocket) =>
    socket.on('message', (data) => {
      const signal = decodeViewerSignal(String(data))
      heard.push(signal)
      if (signal.type === 'discover')
        socket.send(JSON.stringify({ type: 'resp:discover', max_api_version: 2, fps: 60 }))
      if (signal.type !== 'settings') return
      socket.send(encodeSignal({ type: 'offer', sdp: 'v=0\r\n… ü' }))
      socket.send(encodeSignal({ type: 'candidate', candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 }))
      socket.send('{"type":"of tomorrow"}')
      socket.close()
    })
  await using it = await scene({ viewer })
  const session = await it.client.sessions.create({ app: 'calculator' })
  const signalling = await session.signalling()
  signalling.send({ type: 'discover' })
  const seen: unknown[] = []
  for await (const signal of signalling) {
    seen.push(signal)
    if (signal.type === 'resp:discover') signalling.send(settings({ data_channels: ['mine'] }))
  }
  assert.deepEqual(seen, [
    { type: 'resp:discover', max_api_version: 2, fps: 60 },
    { type: 'offer', sdp: 'v=0\r\n… ü' },
    { type: 'candidate', candidate: 'candidate:1', sdpMid: '0', sdpMLineIndex: 0 },
    { type: 'unknown', raw: '{"type":"of tomorrow"}' },
  ])
  assert.deepEqual(heard, [{ type: 'discover' }, settings({ data_channels: ['mine'] })])
  assert.throws(() => signalling.send({ type: 'discover' }), { code: 'unavailable' })
  assert.throws(() => settings({ data_channels: ['1', '2', '3', '4', '5', '6'] }), { code: 'invalid-request' })
})

test('signalling: a cut connection is an error, an abort and a left loop close; a URL alone is enough', async () => {
  const sockets: WebSocket[] = []
  await using it = await scene({ viewer: (socket) => void sockets.push(socket) })
  const session = await it.client.sessions.create({ app: 'calculator' })
  const read = async (signalling: Signalling) => {
    for await (const _ of signalling);
  }
  const cut = await session.signalling()
  setTimeout(() => sockets.at(-1)?.terminate(), 20)
  await assert.rejects(read(cut), { code: 'unavailable' })
  const abort = new AbortController()
  const aborted = await session.signalling({ signal: abort.signal })
  setTimeout(() => abort.abort(), 20)
  await read(aborted)
  const { url } = await session.join()
  const left = await openSignalling(url, it.trust)
  setTimeout(() => sockets.at(-1)?.send('{"type":"error","message":"x"}'), 20)
  for await (const signal of left) if (signal.type === 'error') break
  await sleep(50)
  assert.equal(it.gateway.sockets, 0)
  await assert.rejects(openSignalling('http://127.0.0.1/?token=hush-hush'), (error) => !/hush/.test(inspect(error)))
})

test('a connector gives what the browser SDK takes, and joins when it connects again', async () => {
  await using it = await scene()
  const session = await it.client.sessions.create({ app: 'calculator', joinable: true })
  const connector = session.toConnector()
  const first = await connector.connect()
  assert.deepEqual([first.id, first.websocket, first.stunServers], [session.id, session.url, session.stunServers])
  assert.ok(Array.isArray(first.stunServers))
  const second = await connector.connect()
  assert.equal(second.id, session.id)
  assert.notEqual(second.websocket, first.websocket)
  connector.disconnect()
})

test('a token that has ended is fetched anew, once for all who wait; a text is not', async () => {
  await using it = await scene()
  const given: boolean[] = []
  const token = ({ refresh }: { refresh: boolean }) => {
    given.push(refresh)
    return refresh ? it.gateway.token() : it.gateway.token(1)
  }
  await using client = new GatewayClient({ url: it.gateway.url, token, retries: 0, ...it.trust })
  await client.service.regions()
  await sleep(1_500)
  const all = await Promise.all(Array.from({ length: 8 }, () => client.service.regions()))
  assert.deepEqual(all, Array(8).fill(['edge']))
  assert.deepEqual(given, [false, true])
  await using poor = new GatewayClient({ url: it.gateway.url, token: 'bad', retries: 0, ...it.trust })
  await assert.rejects(poor.service.regions(), (error) => {
    assert.ok(error instanceof UnauthorizedError)
    assert.doesNotMatch(inspect(error, { showHidden: true }), /macaroon|bad/)
    return true
  })
  await using stubborn = new GatewayClient({ url: it.gateway.url, token: () => 'bad', retries: 0, ...it.trust })
  await assert.rejects(stubborn.service.regions(), UnauthorizedError)
  await using broken = new GatewayClient({ url: it.gateway.url, token: () => 'two words', ...it.trust })
  await assert.rejects(broken.service.regions(), { code: 'invalid-request' })
})

test('a gateway with another certificate is sent nothing; without a pin or a CA it is judged by the CAs of Node', async () => {
  await using it = await scene()
  const { url } = it.gateway
  for (const trust of [{ fingerprint: '0'.repeat(64) }, {}]) {
    await using client = new GatewayClient({ url, token: 'x', retries: 0, ...trust })
    await assert.rejects(client.service.regions(), ServerIdentityError)
  }
  assert.equal(it.gateway.answers.length, 0)
})

test('shares: made, listed without their URL, changed, limited, taken back', async () => {
  await using it = await scene()
  const { client } = it
  const session = await client.sessions.create({ app: 'calculator' })
  const share = await session.share({ type: 'adb', description: 'for Ada' })
  assert.match(share.url, /connect\?type=adb&token=/)
  assert.deepEqual(
    (await client.shares.list({ session_id: session.id })).map(({ description }) => description),
    ['for Ada'],
  )
  const end = Math.floor(Date.now() / 1000) + 60
  assert.equal((await client.shares.update(share.id, { expiry_at: end })).expiry_at, end)
  assert.equal((await client.shares.get(share.id)).url, share.url)
  for (let i = 0; i < 4; i++) await session.share()
  await assert.rejects(session.share(), ForbiddenError)
  await client.shares.delete(share.id)
  await assert.rejects(client.adb(share).connect(), UnauthorizedError)
})

const echo = (socket: WebSocket) => socket.on('message', (data) => socket.send(data))

test('ADB: bytes both ways, through a stream and through a local port; the newest connection wins', async () => {
  await using it = await scene({ adb: echo })
  const session = await it.client.sessions.create({ app: 'calculator' })
  const share = await session.share()
  const stream = await it.client.adb(share).connect()
  stream.write('over a stream')
  const [first] = (await once(stream, 'data')) as [Buffer]
  assert.equal(String(first), 'over a stream')
  const ended = text(stream)
  // Somebody without an account, with the URL alone.
  await using guest = new AdbClient(share.url, it.trust)
  await using port = await guest.listen()
  const local = connect(port.port, '127.0.0.1')
  const sent = Buffer.alloc(3 * 2 ** 20, 'anbox')
  local.write(sent)
  const got: Buffer[] = []
  for await (const chunk of local) {
    got.push(chunk as Buffer)
    if (Buffer.concat(got).length >= sent.length) break
  }
  assert.ok(Buffer.concat(got).equals(sent))
  assert.equal(await ended, '')
  assert.doesNotMatch(inspect(guest, { depth: 9 }), /token=/)
})

test('ADB: the port closes with its signal, and says why a connection could not be made', async () => {
  await using it = await scene({ adb: echo })
  const session = await it.client.sessions.create({ app: 'calculator' })
  const share = await session.share()
  const abort = new AbortController()
  const errors: unknown[] = []
  const port = await it.client.adb(share).listen({ signal: abort.signal, onError: (error) => errors.push(error) })
  await it.client.shares.delete(share.id)
  const refused = connect(port.port, '127.0.0.1')
  await new Promise((resolve) => refused.once('close', resolve))
  assert.ok(errors[0] instanceof UnauthorizedError)
  const number = port.port
  abort.abort()
  await sleep(50)
  const late = connect(number, '127.0.0.1')
  await assert.rejects(once(late, 'connect'), { code: 'ECONNREFUSED' })
  await port.close()
  await using taken = await it.client.adb(share).listen()
  const busy = it.client.adb(share).listen({ port: taken.port, signal: abort.signal })
  await assert.rejects(busy, (error) => error === abort.signal.reason)
  await assert.rejects(it.client.adb(share).listen({ port: taken.port }), { code: 'conflict' })
  assert.deepEqual(getEventListeners(abort.signal, 'abort'), [])
})

test('what the stand-in answers is what the contract says', async () => {
  await using it = await scene()
  const { client, gateway } = it
  const session = await client.sessions.create({ app: 'calculator', joinable: true })
  const share = await session.share()
  await Promise.all([
    client.service.status(),
    client.service.regions(),
    client.service.applications(),
    client.service.config(),
    client.service.setConfig('a', 'b'),
    client.sessions.list(),
    client.sessions.get(session.id),
    session.join(),
    client.shares.list(),
    client.shares.get(share.id),
    client.shares.update(share.id, { description: 'x' }),
    client.sessions.deleteMany(['nobody']),
    client.sessions.get('nobody').catch(() => {}),
  ])
  await client.shares.delete(share.id)
  await session.delete()
  const root = parse(readFileSync(join(import.meta.dirname, '../../contracts/gateway.yaml'), 'utf8'))
  const ajv = new Ajv2020({ strict: false })
  ajv.addSchema({ $id: 'contract', ...root })
  const seen = new Set<string>()
  for (const { method, path, status, body } of gateway.answers) {
    const template = Object.keys(root.paths).find((one) =>
      new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
    )
    assert.ok(template, path)
    const pointer = `#/paths/${template.replaceAll('/', '~1')}/${method.toLowerCase()}/responses`
    const { responses } = root.paths[template][method.toLowerCase()]
    const which = responses[String(status)] ?? responses.default
    const validate = ajv.getSchema(`contract${which.$ref}/content/application~1json/schema`)
    assert.ok(validate, `${pointer}/${status}`)
    assert.ok(validate(body), `${method} ${path} ${status}: ${JSON.stringify(validate.errors)} ${JSON.stringify(body)}`)
    seen.add(`${method} ${template}`)
  }
  assert.equal(seen.size, 16)
})
