// The agent enrols with a real EST server and a one-time token, reports it, renews, and goes on without the server.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { openAuthority, startEnrolmentServer, TokenStore } from '@anbox/pki'
import { Edge, until } from './edge.ts'

const test = suite('agent: enrolment', { timeout: 60_000 })
let edge: Edge

test.before(async () => {
  edge = await Edge.start()
})
test.after(() => edge?.[Symbol.asyncDispose]())

type Report = { status: string; message: string; fingerprint: string; not_after: string }
const report = async () =>
  ((await edge.ams.nodes.get('box')) as unknown as { 'edge.enrolment': Report })['edge.enrolment']

test('without a server it is off; with one it enrols, reports it, and the token is gone; a restart keeps the certificate', async () => {
  assert.equal((await report()).status, 'off')
  const authority = await openAuthority(edge.path('pki'))
  const tokens = new TokenStore(join(authority.directory, 'enrolment/tokens'), authority.audit)
  const server = await startEnrolmentServer({
    authority,
    tokens,
    certificate: edge.read('tls/server.crt'),
    key: edge.read('tls/server.key'),
  })
  const env = {
    ANBOX_EDGE_ENROLMENT_URL: `https://localhost:${server.port}`,
    ANBOX_EDGE_ENROLMENT_CA: edge.path('tls/ca.crt'),
    ANBOX_EDGE_ENROLMENT_TOKEN_FILE: edge.path('token'),
  }
  try {
    writeFileSync(edge.path('token'), 'not a token that anybody gave\n', { mode: 0o600 })
    await edge.kill('SIGTERM')
    await edge.run(env)
    await until(async () => (await report()).status === 'refused')
    assert.ok(existsSync(edge.path('token')))

    const { token } = await tokens.create({ name: 'box' })
    writeFileSync(edge.path('token'), `${token}\n`, { mode: 0o600 })
    await edge.kill('SIGKILL')
    await edge.run(env)
    await until(async () => (await report()).status === 'enrolled')
    assert.ok(!existsSync(edge.path('token')))
    assert.ok(!edge.read('agent.log').includes(token))
    const first = await report()
    assert.ok(Date.parse(first.not_after) > Date.now())
    const key = edge.path('state/identity/current/machine.key')
    assert.equal(statSync(key).mode & 0o777, 0o600)
    assert.match(readFileSync(key, 'utf8'), /PRIVATE KEY/)
    assert.ok(readdirSync(edge.path('state/identity')).includes('current'))

    await edge.kill('SIGKILL')
    await edge.run(env)
    await until(async () => (await report()).status === 'enrolled')
    assert.equal((await report()).fingerprint, first.fingerprint)
  } finally {
    await server.close()
  }
  // The server is gone: nothing of the agent depends on it.
  await edge.kill('SIGKILL')
  await edge.run(env)
  await until(async () => (await report()).status === 'enrolled')
})
