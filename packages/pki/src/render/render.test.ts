import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { createAuthority } from '../authority/create.ts'
import { makeSecret } from '../credentials/secret.ts'
import { type Component, components, type RenderOptions, render } from './index.ts'
import { placeRendered, reloadFor } from './place.ts'
import type { Rendered } from './rendered.ts'
import { purposeOf, serverRequest } from './server.ts'

const test = suite('rendered configurations', { timeout: 30_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-render-'))
test.after(() => rmSync(base, { recursive: true }))
const authority = await createAuthority(join(base, 'pki'), { key: 'ecdsa-p256' })
const secret = makeSecret()
const names = { name: 'box', dns: ['box.example'], ip: ['192.0.2.7'], usual: authority.keyType }

async function optionsOf(component: Component) {
  const common = {
    directory: '/etc/box',
    credential: await authority.issue(serverRequest(component, names)),
    trust: authority.intermediate(purposeOf(component)).certificate,
  }
  return {
    ...common,
    clients: [{ identity: 'anbox:messaging/client/ann', token: secret }],
    crl: await authority.crl('etcd'),
    host: 'box.example',
    secrets: [secret],
  }
}
const options = Object.fromEntries(
  await Promise.all(components.map(async (component) => [component, await optionsOf(component)])),
) as RenderOptions
const renderAny = (component: Component, more: object = {}) => render(component, { ...options[component], ...more })

test('every server gets its key and its secrets in files of mode 0600, and printing what was rendered shows neither', () => {
  for (const component of components) {
    const rendered = renderAny(component)
    for (const { name, mode, text } of rendered.files) {
      const isSecret = /PRIVATE KEY/.test(text) || text.includes(secret)
      assert.equal(mode, isSecret ? 0o600 : 0o644, `${component}: ${name}`)
    }
    const key = rendered.files.find(({ name }) => name === 'server.key')?.text ?? ''
    assert.match(key, /PRIVATE KEY/)
    for (const text of [inspect(rendered, { depth: null }), JSON.stringify(rendered)])
      assert.ok(!text.includes(secret) && !text.includes(key.slice(40, 80)), component)
  }
})

test('no value can end the line that it stands in, or mean something to the format', () => {
  const bad = ['/etc/a b', '/etc/"', '/etc/\nlisten: "0.0.0.0:1"', '/etc/$X', '/etc/#', 'etc', '']
  for (const component of components) {
    for (const directory of bad)
      assert.throws(() => renderAny(component, { directory }), { code: 'invalid_request' }, `${component} ${directory}`)
    for (const address of ['0.0.0.0\n', 'example.org', '', 'fe80::1%eth0'])
      assert.throws(() => renderAny(component, { address }), /is not an IP address/)
    for (const port of [0, 65_536, 1.5, Number.NaN])
      assert.throws(() => renderAny(component, { port }), /is not a port/)
  }
  const wrong: [Component, object][] = [
    ['nats', { clients: [{ identity: 'a"b', token: secret }] }],
    ['nats', { clients: [{ identity: 'a', token: 'short' }] }],
    ['nats', { clients: [{ identity: 'a', token: `${secret}"` }] }],
    ['nats', { clients: [1, 2].map(() => ({ identity: 'a', token: secret })) }],
    ['nats', { name: 'a b' }],
    ['nats', { store: 'relative' }],
    ['nats', { trust: 'none' }],
    ['etcd', { name: 'a=b' }],
    ['etcd', { host: 'other.example' }],
    ['etcd', { crl: 'none' }],
    ['etcd', { members: { a: 'http://a:2380' } }],
    ['coturn', { secrets: [] }],
    ['coturn', { secrets: [`${secret}\nno-auth`] }],
    ['coturn', { realm: 'a\nno-auth' }],
    ['coturn', { relayPorts: [51_000, 50_000] }],
    ['coturn', { peers: ['10.0.0.0/8'] }],
    ['coturn', { publicAddress: 'example.org' }],
  ]
  for (const [component, more] of wrong)
    assert.throws(
      () => renderAny(component, more),
      (error: Error & { code: string }) => error.code === 'invalid_request' && !error.message.includes(secret),
      `${component} ${Object.keys(more)}`,
    )
})

test('a leaf is never written where CAs belong', () => {
  for (const component of ['nats', 'etcd', 'lxd'] as const)
    assert.throws(() => renderAny(component, { trust: options.lxd.credential.certificate }), /no CA's/)
})

test('etcd takes no RSA key, with which it would speak TLS 1.2, and no certificate of a server or a client alone', async () => {
  const request = serverRequest('etcd', { ...names, usual: 'rsa-4096' })
  assert.equal(request.key, 'ecdsa-p384')
  const rsa = await authority.issue({ ...request, key: 'rsa-4096' })
  assert.throws(() => renderAny('etcd', { credential: rsa }), /must be ECDSA/)
  const server = await authority.issue({ ...serverRequest('etcd', names), kind: 'server' })
  assert.throws(() => renderAny('etcd', { credential: server }), /kind "peer"/)
})

test('placing says what changed, and does nothing when nothing did', async () => {
  const directory = join(base, 'nats')
  const rendered = renderAny('nats')
  const place = async (files: Rendered) => (await placeRendered(directory, files)).map(({ name }) => name)
  assert.deepEqual(
    await place(rendered),
    rendered.files.map(({ name }) => name),
  )
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const { name, mode, text } of rendered.files) {
    assert.equal(statSync(join(directory, name)).mode & 0o777, mode, name)
    assert.equal(readFileSync(join(directory, name), 'utf8'), text)
  }
  const { ino } = statSync(join(directory, 'server.key'))
  assert.deepEqual(await place(rendered), [])
  assert.equal(statSync(join(directory, 'server.key')).ino, ino)
  const without = renderAny('nats', { clients: [] })
  const changed = await placeRendered(directory, without)
  assert.deepEqual(
    changed.map(({ name }) => name),
    ['nats-server.conf'],
  )
  assert.equal(reloadFor(without, changed), 'SIGHUP')
  assert.equal(reloadFor(without, []), 'none')
  assert.deepEqual(readdirSync(directory).sort(), rendered.files.map(({ name }) => name).sort())
})

test('a secret that others could read is written anew; a directory that others may enter is refused', async () => {
  const directory = join(base, 'coturn')
  const rendered = renderAny('coturn')
  await placeRendered(directory, rendered)
  chmodSync(join(directory, 'turnserver.conf'), 0o644)
  const [written, ...more] = await placeRendered(directory, rendered)
  assert.deepEqual([written?.name, more], ['turnserver.conf', []])
  assert.equal(written && reloadFor(rendered, [written]), 'restart')
  assert.equal(statSync(join(directory, 'turnserver.conf')).mode & 0o777, 0o600)
  chmodSync(directory, 0o755)
  await assert.rejects(placeRendered(directory, rendered), { code: 'unsafe_directory' })
})

if (process.getuid?.() === 0)
  test("what root places belongs to the directory's owner, who runs the server", async () => {
    const directory = join(base, 'etcd')
    mkdirSync(directory, { mode: 0o700 })
    chownSync(directory, 12_345, 12_346)
    await placeRendered(directory, renderAny('etcd'))
    for (const name of readdirSync(directory)) {
      const { uid, gid } = statSync(join(directory, name))
      assert.deepEqual([uid, gid], [12_345, 12_346], name)
    }
    assert.deepEqual(await placeRendered(directory, renderAny('etcd')), [])
  })
