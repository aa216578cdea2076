// Security updates that come after an application was bootstrapped: found in its last version, taken in by a new one; and one that
// the bootstrap does not take in is no endless circle.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { DebianGuest } from '../live/debian-guest.ts'
import { Edge, made, until } from '../live/edge.ts'
import { appApk, hook, tarBz2 } from '../live/package.ts'
import { patches, told } from '../live/patches.ts'

const test = suite('patch: applications', { timeout: 400_000 })
const folder = mkdtempSync(join(tmpdir(), 'patch-applications-'))
const guest = new DebianGuest()
let edge: Edge
/** When the archive has something newer, seconds since 1970. */
const at = Math.floor(Date.now() / 1000) + 150

test.before(
  async () => {
    edge = await Edge.start({ bootSeconds: 60, config: { patch: { kinds: ['applications'], graceSeconds: 1 } } })
    const image = await guest.build('one', { offers: '1.1', later: { offers: '1.2', at } })
    await (await edge.ams.images.upload('debian', image)).wait()
  },
  { timeout: 300_000 },
)
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  guest[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

async function create(name: string, files: Record<string, string> = {}): Promise<void> {
  const content = tarBz2({
    'manifest.yaml': `name: ${name}\nresources: {cpus: 1, memory: 256MB, disk-size: 1GB}\n`,
    'app.apk': appApk(`com.example.${name}`),
    ...files,
  })
  writeFileSync(join(folder, `${name}.tar.bz2`), content)
  await (await edge.ams.applications.create(join(folder, `${name}.tar.bz2`))).wait()
}
async function checked() {
  const before = (await told(edge)).checked_at
  await patches(edge, { action: 'check' })
  await until(async () => (await told(edge)).checked_at !== before)
  // Security updates do not wait for a window.
  await until(async () => (await told(edge)).patches.length === 0)
  return told(edge)
}

test('nothing newer, nothing made; later the archive has something, and a new version has it too', async () => {
  await create('demo')
  assert.ok(Date.now() / 1000 < at, 'this machine was too slow: the archive has the newer package already')
  assert.deepEqual((await checked()).ended, [])
  await sleep(Math.max(0, at * 1000 - Date.now()) + 1000)
  const { ended } = await checked()
  assert.deepEqual([ended[0]?.subject, ended[0]?.outcome, ended[0]?.reason], ['demo', 'applied', ''])
  assert.match(ended[0]?.title ?? '', /edge-demo 1\.2/)
  const id = made(await (await edge.ams.instances.launch({ app_id: 'demo' })).wait(), 'instances')
  assert.equal((await edge.ams.instances.run(id, ['cat', '/usr/share/edge-demo'])).stdout, '1.2')
  assert.equal((await edge.ams.instances.get(id)).app_version, 1)
  assert.equal((await checked()).ended.length, 1)
})

test('who lacks what a bulletin names is known, from what was seen in the guests', async () => {
  const ask = async (query: string) =>
    (await edge.ams.connection.request('GET', `/1.0/edge/lacking?${query}`)).envelope?.metadata as {
      lacking: { has: string }[]
    }
  assert.deepEqual((await ask('package=edge-demo&version=1.2')).lacking, [])
  assert.deepEqual(
    (await ask('package=edge-demo&version=1.3')).lacking.map(({ has }) => has),
    ['1.2'],
  )
})

test('an update that no bootstrap takes in is given up, and the version before stays', async () => {
  await create('stuck', {
    'hooks/post-start': hook("sed -i '/^Package: edge-demo$/,/^$/ s/^Version: .*/Version: 1.0/' /var/lib/dpkg/status"),
  })
  const { ended, problems } = await checked()
  assert.deepEqual([ended[0]?.subject, ended[0]?.outcome, problems], ['stuck', 'reverted', {}])
  assert.match(ended[0]?.reason ?? '', /lacks the same updates/)
  const count = ended.length
  assert.equal((await checked()).ended.length, count)
  const { versions = [] } = await edge.ams.applications.get('stuck')
  assert.deepEqual(
    versions.map(({ number }) => number),
    [0],
  )
})
