// A newer build at the image server: found, verified and brought here before the window, proven to boot, given to launches,
// applications and instances; and what is bad is refused or taken back.
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { Edge, guestFile, made, small, until } from './edge.ts'
import { ImageServer, sha256, token } from './image-server.ts'
import { appApk, tarBz2 } from './package.ts'
import { patches, told } from './patches.ts'

const test = suite('patch: images', { timeout: 180_000 })
let server: ImageServer
let edge: Edge
/** A weekday that is far enough away. */
const later = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7]

test.before(async () => {
  server = await ImageServer.start()
  server.offer('20260101', guestFile())
  edge = await Edge.start({
    bootSeconds: 5,
    config: {
      images: { ca: server.ca, keyring: server.keyring },
      patch: { kinds: ['images'], windows: [`${later} 02:00-03:00`], instances: 'roll', graceSeconds: 1 },
    },
  })
  await edge.ams.config.set('images.url', server.url)
  await edge.ams.config.set('images.auth', `bearer:${token}`)
  await (await edge.ams.images.import({ name: 'android', path: 'stand-in' })).wait()
  const content = tarBz2({
    'manifest.yaml': 'name: game\nresources: {cpus: 1, memory: 128MB, disk-size: 256MB}\n',
    'app.apk': appApk('com.example.game'),
  })
  writeFileSync(join(server.folder, 'game.tar.bz2'), content)
  await (await edge.ams.applications.create(join(server.folder, 'game.tar.bz2'))).wait()
})
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

/** Fingerprints and states of what there is. */
const versions = async () =>
  (await edge.ams.images.get('android')).versions?.map(({ fingerprint, status }) => `${fingerprint} ${status}`)
const launched = async () => {
  const id = made(
    await (await edge.ams.instances.launch({ image_id: 'android', resources: small })).wait(),
    'instances',
  )
  const { exitCode } = await edge.ams.instances.run(id, ['test', '-e', '/other-marker'])
  await (await edge.ams.instances.delete(id)).wait()
  return exitCode === 0 ? 'new' : 'old'
}
const checked = async () => {
  const before = (await told(edge)).checked_at
  await patches(edge, { action: 'check' })
  await until(async () => (await told(edge)).checked_at !== before)
}
const inState = (state: string) => until(async () => (await told(edge)).patches[0]?.state === state)
const ended = (count: number) => until(async () => (await told(edge)).ended.length >= count)

test('it is brought here and verified, and waits for the window: nothing is launched from it', async () => {
  const next = edge.otherGuest(server.folder, 'next')
  server.offer('20260201', next)
  await checked()
  await inState('ready')
  assert.deepEqual(await versions(), [`${sha256(guestFile())} active`, `${sha256(next)} initializing`])
  assert.equal(await launched(), 'old')
  const [patch] = (await told(edge)).patches
  assert.deepEqual([patch?.id, patch?.reason], ['images/android', 'outside of the windows'])
})

test('then it is proven, launched, followed by applications and instances, and the old one goes', async () => {
  const name = 'stays'
  await (await edge.ams.instances.launch({ name, image_id: 'android', resources: small, user_data: 'mine' })).wait()
  const [fetched] = [server.sent.length]
  await patches(edge, { action: 'apply', patch: 'images/android' })
  await ended(1)
  const [end] = (await told(edge)).ended
  assert.equal(end?.outcome, 'applied', end?.reason)
  assert.equal(server.sent.length, fetched, 'it was fetched before')
  assert.deepEqual(await versions(), [`${sha256(join(server.folder, 'next.tar.gz'))} active`])
  assert.equal(await launched(), 'new')
  const rolled = await edge.ams.instances.get(name)
  assert.equal(rolled.status, 'running')
  assert.equal((await edge.ams.instances.run(name, ['cat', '/var/lib/anbox/userdata'])).stdout, 'mine')
  assert.equal((await edge.ams.instances.run(name, ['test', '-e', '/other-marker'])).exitCode, 0)
  const { versions: own = [] } = await edge.ams.applications.get('game')
  assert.deepEqual(
    own.map(({ number, status, published }) => [number, status, published]),
    [
      [0, 'active', true],
      [1, 'active', true],
    ],
  )
  // Probe guests are gone, and were nobody's.
  await until(async () => (await edge.lxd.instances.list()).length === 1)
  assert.equal((await edge.ams.instances.list()).length, 1)
})

test('corrupted, truncated, older and wrongly signed ones are refused before anything changes', async () => {
  const before = await versions()
  const current = server.versions['20260201']
  const refused = async (what: RegExp) => {
    await checked()
    // What cannot be fetched is a patch that waits, with the reason.
    await until(async () => {
      const { problems, patches: found } = await told(edge)
      return what.test(`${problems.images} ${found[0]?.last_error}`)
    })
    assert.deepEqual(await versions(), before)
    assert.notEqual((await told(edge)).patches[0]?.state, 'ready')
  }
  const corrupt = edge.otherGuest(server.folder, 'corrupt')
  server.offer('20260301', corrupt)
  const bytes = readFileSync(corrupt)
  bytes[1000] = (bytes[1000] ?? 0) ^ 1
  writeFileSync(corrupt, bytes)
  await refused(/SHA-256|fingerprint|checksum/i)
  const short = edge.otherGuest(server.folder, 'short')
  server.offer('20260302', short)
  truncateSync(short, 5000)
  await refused(/SHA-256|fingerprint|bytes|short/i)
  for (const name of ['20260301', '20260302', '20260201']) delete server.versions[name]
  await refused(/20260101.*20260201/)
  server.versions['20260201'] = current ?? { items: {} }
  server.offer('20260303', edge.otherGuest(server.folder, 'strange'))
  server.signer = 'a stranger'
  await refused(/not signed by a key/)
  server.signer = 'the vendor'
  delete server.versions['20260303']
  await checked()
  assert.deepEqual([(await told(edge)).problems, (await told(edge)).patches], [{}, []])
})

test('a build that its server takes back while it waits does not go in', async () => {
  const before = await versions()
  server.offer('20260310', edge.otherGuest(server.folder, 'withdrawn'))
  await checked()
  await inState('ready')
  delete server.versions['20260310']
  await checked()
  assert.deepEqual([(await told(edge)).problems, (await told(edge)).patches], [{}, []])
  assert.deepEqual(await versions(), before)
})

test('one whose guests do not boot is taken back and not tried again; a good one after it goes in', async () => {
  const before = await versions()
  const broken = edge.otherGuest(server.folder, 'broken', { 'data/local.prop': 'standin.boot=never\n' })
  server.offer('20260401', broken)
  await checked()
  await inState('ready')
  await patches(edge, { action: 'apply', patch: 'images/android' })
  await ended(2)
  const [end] = (await told(edge)).ended
  assert.equal(end?.outcome, 'reverted')
  assert.match(end?.reason ?? '', /do not boot/)
  assert.deepEqual(await versions(), before)
  const fetched = server.sent.length
  await checked()
  assert.deepEqual([(await told(edge)).patches, server.sent.length], [[], fetched])
  copyFileSync(edge.otherGuest(server.folder, 'mended'), join(server.folder, 'mended-2.tar.gz'))
  server.offer('20260402', join(server.folder, 'mended-2.tar.gz'))
  await checked()
  await patches(edge, { action: 'apply', patch: 'images/android' })
  await ended(3)
  assert.equal((await told(edge)).ended[0]?.outcome, 'applied')
})
