// The browser's client, here on Node's own fetch and WebSocket; test/live/sdk-browser.long.test.ts has it in Chromium.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { failures, type Subject, tryFailure } from '../../test/methods/failures.ts'
import { gatewayRows } from '../../test/methods/gateway.ts'
import { onTheWire } from '../../test/methods/wire.ts'
import { fail, type Handlers, type LocalServer, serve } from '../../test/server.ts'
import { GatewayClient, openSignalling } from './browser.ts'
import type { Gateway } from './gateway.ts'

const test = suite('gateway in a browser', { timeout: 60_000 })
const start = (handlers: Handlers) => serve(handlers, 'plain')
const connect = ({ url }: LocalServer) => new GatewayClient({ url, token: 'hush-hush' })
const subject: Subject<Gateway> = { rows: gatewayRows, connect, serve: start }

test('its modules import each other, and nothing of Node or of npm', () => {
  const seen = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    const code = stripTypeScriptTypes(readFileSync(file, 'utf8'))
    for (const [, target = ''] of code.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      assert.match(target, /^\.\.?\//, `${file} imports ${target}`)
      visit(join(file, '..', target))
    }
  }
  visit(join(import.meta.dirname, 'browser.ts'))
  assert.ok(seen.size > 8)
})

for (const row of gatewayRows)
  test(`${row.name} on the wire`, () =>
    onTheWire({ ...row, headers: { authorization: 'macaroon root=hush-hush', ...row.headers } }, connect, start))

for (const failure of failures)
  test(`${failure.name}: every method ends as it should`, () => tryFailure(subject, failure))

test('a token is sent in the clear to this machine only, and to nobody whom the gateway names', async () => {
  for (const url of ['http://gateway.example', 'http://127.0.0.1.example', 'ftp://127.0.0.1', 'gateway'])
    assert.throws(() => new GatewayClient({ url, token: 'x' }), { code: 'invalid-request' })
  let followed = 0
  await using server = await serve(
    {
      request: (asked, answer) => {
        if (asked.url !== '/1.0/regions') followed += 1
        answer.writeHead(307, { location: '/elsewhere' }).end()
      },
    },
    'plain',
  )
  await using client = connect(server)
  await assert.rejects(client.service.regions(), { code: 'unavailable' })
  assert.equal(followed, 0)
})

test('neither the words of a server nor a URL that is none get a token into an error', async () => {
  await using server = await serve(
    { request: (asked, answer) => fail(answer, 400, `bad header ${asked.headers.authorization}`) },
    'plain',
  )
  await using client = connect(server)
  for (const fails of [() => client.service.regions(), () => openSignalling('wss://127.0.0.1:99999/?token=hush-hush')])
    await assert.rejects(fails, (error) => !/hush/.test(inspect(error, { showHidden: true, depth: 9 })))
  await assert.rejects(client.service.regions({ deadline: -5 }), { code: 'invalid-request' })
})
