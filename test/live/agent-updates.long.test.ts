// Security updates of a guest with a real apt: installed while an application is bootstrapped, again when the image changes;
// and where they cannot be had, the last good version stays in use.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { DebianGuest } from './debian-guest.ts'
import { Edge, made, until } from './edge.ts'
import { appApk, tarBz2 } from './package.ts'

const test = suite('agent: security updates of guests', { timeout: 300_000 })
const folder = mkdtempSync(join(tmpdir(), 'updates-'))
const guest = new DebianGuest()
let edge: Edge

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 60 })
})
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  guest[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

type Updated = { 'edge.security_updates': { name: string; from: string; to: string }[] }
const versions = async () => (await edge.ams.applications.get('demo')).versions ?? []
const settled = (number: number) =>
  until(async () => (await versions()).some((one) => one.number === number && one.status !== 'initializing'))

/** What an instance launched without naming a version has. */
async function launched(): Promise<{ version: number; demo: string }> {
  const id = made(await (await edge.ams.instances.launch({ app_id: 'demo' })).wait(), 'instances')
  const { app_version: version } = await edge.ams.instances.get(id)
  const demo = (await edge.ams.instances.run(id, ['cat', '/usr/share/edge-demo'])).stdout
  await (await edge.ams.instances.delete(id)).wait()
  return { version, demo }
}

test('what a security archive offers is installed at the bootstrap, and told', async () => {
  await (await edge.ams.images.upload('debian', await guest.build('one', { offers: '1.1' }))).wait()
  const content = tarBz2({
    'manifest.yaml': 'name: demo\nresources: {cpus: 1, memory: 256MB, disk-size: 1GB}\n',
    'app.apk': appApk('com.example.demo'),
  })
  writeFileSync(join(folder, 'demo.tar.bz2'), content)
  await (await edge.ams.applications.create(join(folder, 'demo.tar.bz2'))).wait()
  const [version] = (await versions()) as unknown as Updated[]
  assert.deepEqual(version?.['edge.security_updates'], [{ name: 'edge-demo', from: '1.0', to: '1.1' }])
  assert.deepEqual(await launched(), { version: 0, demo: '1.1' })
})

test('a new version of the image makes a new version, with its updates', async () => {
  await (await edge.ams.images.uploadVersion('debian', await guest.build('two', { offers: '1.2' }))).wait()
  await settled(1)
  assert.deepEqual(await launched(), { version: 1, demo: '1.2' })
})

test('a bootstrap whose updates cannot be trusted fails, and the last good version stays in use', async () => {
  await (
    await edge.ams.images.uploadVersion('debian', await guest.build('three', { offers: '1.3', forged: true }))
  ).wait()
  await settled(2)
  const bad = (await versions()).find(({ number }) => number === 2)
  assert.equal(bad?.status, 'error')
  assert.match(bad?.error_message ?? '', /asking the archives for security updates failed/)
  assert.deepEqual(await launched(), { version: 1, demo: '1.2' })
})

test('without security updates, where somebody wants that, the same image is bootstrapped as it is', async () => {
  // The old name is accepted too.
  await edge.ams.config.set('container.security_updates', 'false')
  await (await edge.ams.applications.rebuild('demo')).wait()
  assert.deepEqual(await launched(), { version: 3, demo: '1.0' })
})
