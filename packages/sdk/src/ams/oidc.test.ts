// A client that gets its tokens as AMS says: it has to ask AMS how, before it has one.
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { suite } from '@anbox/harness'
import { make } from '../../test/certificates.ts'
import { fail, sync } from '../../test/server.ts'
import { AmsClient } from './client.ts'

const test = suite('AMS with OpenID Connect')

async function server(oidc: boolean) {
  const { certificate, key } = make('127.0.0.1')
  const seen: string[] = []
  const https = createServer({ cert: certificate, key }, (asked, answer) => {
    seen.push(`${asked.url} ${asked.headers.authorization ?? 'without'}`)
    if (asked.url === '/1.0') return sync(answer, { api_extensions: oidc ? ['oidc_support'] : [] })
    if (asked.url?.startsWith('/1.0/auth/oidc'))
      return oidc ? sync(answer, { issuer: 'https://login.example' }) : fail(answer, 404, 'not found')
    if (asked.headers.authorization !== 'Bearer of-login.example') return fail(answer, 401, 'not authorized')
    sync(answer, [])
  })
  await new Promise<void>((done) => https.listen(0, '127.0.0.1', done))
  const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}`
  const ams: AmsClient = new AmsClient({
    url,
    ca: certificate,
    bearer: async ({ signal }) => `of-${new URL((await ams.oidc.get({ deviceCode: true, signal })).issuer).host}`,
  })
  return {
    ams,
    seen,
    [Symbol.asyncDispose]: async () => {
      await ams.close()
      https.closeAllConnections()
      await new Promise((done) => https.close(done))
    },
  }
}

test('a provider of tokens may ask the same client where to get them', async () => {
  await using it = await server(true)
  assert.deepEqual(await it.ams.nodes.list(), [])
  assert.deepEqual(it.seen, [
    '/1.0/auth/oidc?grant_type=device_code without',
    '/1.0/nodes?recursion=1 Bearer of-login.example',
  ])
})

test('a server without it says so, to the provider too', async () => {
  await using it = await server(false)
  const error = await it.ams.nodes.list().catch((error) => error)
  assert.equal(error.name, 'UnauthorizedError')
  assert.match(String(error.cause), /has no "oidc_support"/)
  assert.deepEqual(it.seen, ['/1.0/auth/oidc?grant_type=device_code without', '/1.0 without'])
})

test('events of one type are asked for by it; of more, all are sent', async () => {
  await using it = await server(true)
  const paths: string[] = []
  for (const types of [['lifecycle'], ['lifecycle', 'operation'], undefined]) {
    await it.ams
      .events({ types })
      .open()
      .catch(() => {})
    paths.push(it.seen.at(-1)?.split(' ')[0] ?? '')
  }
  assert.deepEqual(paths, ['/1.0/events?type=lifecycle', '/1.0/events', '/1.0/events'])
})
