// The LXD client on the real LXD 5.0: what the other live tests do not touch.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite } from '@anbox/harness'
import { ConflictError, LxdClient, NotFoundError, PreconditionFailedError, TimeoutError } from '@anbox/sdk'
import { guestFile, until } from './edge.ts'

const test = suite('LXD: resources', { timeout: 60_000 })
const tag = randomBytes(3).toString('hex')
const project = `sdk-${tag}`
const folder = mkdtempSync(join(tmpdir(), 'lxd-resources-'))
const socketPath = join(String(process.env.ANBOX_TEST_LXD), 'unix.socket')
const bridge = String(process.env.ANBOX_TEST_BRIDGE)
const root = new LxdClient({ socketPath })
const lxd = root.project(project)
let fingerprint = ''

const create = async (name: string) => {
  const devices = {
    root: { type: 'disk', path: '/', pool: 'default' },
    eth0: { type: 'nic', network: bridge, name: 'eth0' },
  }
  const source = { type: 'image', fingerprint }
  await (await lxd.instances.create({ name, source, profiles: [], devices })).wait()
}

test.before(
  async () => {
    await root.projects.create({ name: project, config: { 'features.images': 'true', 'features.profiles': 'true' } })
    fingerprint = (await (await lxd.images.import(guestFile())).wait()).metadata.fingerprint
    await create('one')
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    for (const { name = '' } of await lxd.instances.list()) {
      await (await lxd.instances.setState(name, { action: 'stop', force: true })).wait().catch(() => {})
      await (await lxd.instances.delete(name)).wait()
    }
    for (const { fingerprint = '' } of await lxd.images.list()) await (await lxd.images.delete(fingerprint)).wait()
    const volumes = lxd.storagePools.volumes('default')
    for (const { name = '' } of await volumes.list()) if (!name.includes('/')) await volumes.delete(name)
    for (const { name = '' } of await lxd.profiles.list()) if (name !== 'default') await lxd.profiles.delete(name)
    await root.projects.delete(project)
    await root.close()
    rmSync(folder, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

test('snapshots are made, renamed, restored, copied from, and deleted', async () => {
  const snapshots = lxd.instances.snapshots('one')
  await lxd.instances.files.put('one', '/data/kept', 'before')
  await (await snapshots.create({ name: 's1' })).wait()
  await (await snapshots.rename('s1', 's2')).wait()
  assert.ok((await snapshots.getWithEtag('s2')).etag)
  await snapshots.modify('s2', (draft) => {
    draft.expires_at = '2099-01-01T00:00:00Z'
  })
  assert.equal((await snapshots.get('s2')).expires_at, '2099-01-01T00:00:00Z')
  await lxd.instances.files.put('one', '/data/kept', 'after')
  await (await lxd.instances.update('one', { restore: 's2' })).wait()
  const file = await lxd.instances.files.get('one', '/data/kept')
  assert.ok(file.type === 'file')
  assert.equal(await text(file.stream), 'before')
  await (await lxd.instances.copy('one', 'two', { instanceOnly: true })).wait()
  assert.deepEqual(await lxd.instances.snapshots('two').list(), [])
  assert.equal((await lxd.instances.files.stat('two', '/data/kept')).type, 'file')
  assert.equal((await lxd.instances.files.stat('two', '/data')).type, 'directory')
  await (await snapshots.delete('s2')).wait()
  await assert.rejects(snapshots.get('s2'), NotFoundError)
  await (await lxd.instances.delete('two')).wait()
})

test('a backup is exported, and becomes an instance again', async () => {
  const backups = lxd.instances.backups('one')
  await (await backups.create({ name: 'b1', compression_algorithm: 'none' })).wait()
  assert.deepEqual(
    (await backups.list()).map(({ name }) => name?.split('/').at(-1)),
    ['b1'],
  )
  const stream = await backups.export('b1')
  await (await lxd.instances.import(stream, { name: 'restored' })).wait()
  assert.equal((await lxd.instances.get('restored')).name, 'restored')
  await (await backups.delete('b1')).wait()
  await (await lxd.instances.delete('restored')).wait()
})

test('images go out verified and come in again the same; one instance is published', async () => {
  const file = join(folder, 'image')
  let seen = 0
  const saved = await lxd.images.download(fingerprint.slice(0, 12), file, {
    onProgress: ({ transferred }) => {
      seen = transferred
    },
  })
  assert.equal(saved.fingerprint, fingerprint)
  assert.equal(seen, readFileSync(file).length)
  await (await lxd.images.delete(fingerprint)).wait()
  assert.equal((await (await lxd.images.import(file, { aliases: ['again'] })).wait()).metadata.fingerprint, fingerprint)
  assert.equal((await lxd.images.aliases.get('again')).target, fingerprint)
  await lxd.images.aliases.rename('again', 'anew')
  const { metadata } = await (await lxd.images.publish('one', { aliases: ['of-one'] })).wait()
  assert.equal((await lxd.images.get(metadata.fingerprint)).fingerprint, metadata.fingerprint)
  const split = await lxd.images.modify(metadata.fingerprint, (draft) => {
    draft.properties = { ...draft.properties, origin: 'one' }
  })
  assert.equal(split.properties?.origin, 'one')
  await assert.rejects(lxd.images.download('f'.repeat(64), join(folder, 'none')), NotFoundError)
})

test('modify: what somebody else changes meanwhile is kept; nothing is sent for no change; an old ETag is refused', async () => {
  await lxd.profiles.create({ name: 'shared', config: {} })
  let tries = 0
  await lxd.profiles.modify('shared', async (draft) => {
    tries += 1
    // Somebody else, twice, between the reading and the writing.
    if (tries < 3) await lxd.profiles.patch('shared', { config: { [`user.other${tries}`]: 'here' } })
    draft.config = { ...draft.config, 'user.mine': 'here' }
  })
  assert.equal(tries, 3)
  const { value, etag } = await lxd.profiles.getWithEtag('shared')
  assert.deepEqual(Object.keys(value.config ?? {}).sort(), ['user.mine', 'user.other1', 'user.other2'])
  await lxd.profiles.patch('shared', { description: 'changed' })
  await assert.rejects(lxd.profiles.update('shared', { config: {} }, { etag }), PreconditionFailedError)
  const stubborn = lxd.profiles.modify(
    'shared',
    async (draft) => {
      await lxd.profiles.patch('shared', { description: `changed ${Math.random()}` })
      draft.description = 'mine'
    },
    { attempts: 2 },
  )
  await assert.rejects(stubborn, PreconditionFailedError)
  await lxd.profiles.rename('shared', 'mine')
  await lxd.profiles.delete('mine')
})

test('networks, forwards, ACLs and zones', async () => {
  const acl = `acl-${tag}`
  await root.networkAcls.create({ name: acl, ingress: [{ action: 'drop', state: 'enabled' }] })
  await root.networkAcls.modify(acl, (draft) => {
    draft.description = 'nobody gets in'
  })
  assert.equal((await root.networkAcls.get(acl)).description, 'nobody gets in')
  await root.networkAcls.rename(acl, `${acl}b`)
  await root.networkAcls.delete(`${acl}b`)
  const zone = `${tag}.example`
  await root.networkZones.create({ name: zone })
  const records = root.networkZones.records(zone)
  await records.create({ name: 'www', entries: [{ type: 'A', value: '192.0.2.1', ttl: 300 }] })
  assert.deepEqual(
    (await records.list()).map(({ name }) => name),
    ['www'],
  )
  await records.delete('www')
  await root.networkZones.delete(zone)
  assert.equal((await root.networks.state(bridge)).type, 'broadcast')
  assert.ok(Array.isArray(await root.networks.leases(bridge)))
  assert.deepEqual(await root.networks.forwards(bridge).list(), [])
})

test('volumes, their snapshots and backups', async () => {
  const volumes = lxd.storagePools.volumes('default')
  await (await volumes.create({ name: 'data', type: 'custom', content_type: 'filesystem' })).wait()
  await volumes.modify('data', (draft) => {
    draft.description = 'mine'
  })
  assert.equal((await volumes.get('data')).description, 'mine')
  await (await volumes.snapshots('data').create({ name: 's1' })).wait()
  assert.equal((await volumes.snapshots('data').list()).length, 1)
  const backups = volumes.backups('data')
  await (await backups.create({ name: 'b1', volume_only: true, compression_algorithm: 'none' })).wait()
  await (await volumes.import('again', await backups.export('b1'))).wait()
  await (await volumes.move('again', { name: 'moved' })).wait()
  assert.deepEqual(
    (await volumes.list())
      .map(({ name }) => name)
      .filter((name) => !name?.includes('/'))
      .sort(),
    ['data', 'moved'],
  )
  await (await volumes.snapshots('data').delete('s1')).wait()
  await (await backups.delete('b1')).wait()
  assert.ok((await lxd.storagePools.resources('default')).space?.total)
})

test('the server: extensions, metrics, resources, warnings, a typed request of any kind', async () => {
  assert.ok(await root.server.hasExtension('projects'))
  assert.ok(!(await root.server.hasExtension('of_tomorrow')))
  assert.ok(((await root.resources.get()).cpu?.total ?? 0) > 0)
  assert.ok(Array.isArray(await root.warnings.list()))
  const state = await lxd.request('GET', '/1.0/instances/{name}/state', { path: { name: 'one' } })
  assert.equal(state?.status, 'Stopped')
  await lxd.request('POST', '/1.0/profiles', { body: { name: 'raw' } })
  await lxd.request('DELETE', '/1.0/profiles/{name}', { path: { name: 'raw' } })
  await assert.rejects(
    root.projects.create({ name: project }),
    (error) => error instanceof ConflictError || /already/.test(String(error)),
  )
  assert.deepEqual(await root.server.versions(), ['/1.0'])
})

test('a token for a server that listens nowhere is refused, as LXD says', async () => {
  await assert.rejects(root.certificates.createToken(`ops-${tag}`), { name: 'InvalidRequestError' })
})

test('waiting for a state, an address, a predicate; what never comes ends with the deadline, what goes away with its loss', async () => {
  const waiting = lxd.instances.waitFor(
    'one',
    { status: 'Running', address: 'eth0', agent: true },
    { deadline: 30_000 },
  )
  await new Promise((resolve) => setTimeout(resolve, 200))
  await (await lxd.instances.setState('one', { action: 'start' })).wait()
  const { state } = await waiting
  assert.ok(state.network?.eth0?.addresses?.some(({ scope }) => scope === 'global'))
  await lxd.instances.waitFor('one', ({ state }) => (state.processes ?? 0) > 0)
  await assert.rejects(lxd.instances.waitFor('one', { status: 'Frozen' }, { deadline: 300 }), TimeoutError)
  await assert.rejects(lxd.instances.waitFor('nobody', { status: 'Running' }), NotFoundError)
  await create('short')
  const gone = lxd.instances.waitFor('short', { status: 'Running' }, { deadline: 20_000 })
  await (await lxd.instances.delete('short')).wait()
  await assert.rejects(gone, NotFoundError)
})

test('an informer follows instances as they come, change and go', async () => {
  const seen: string[] = []
  const abort = new AbortController()
  const following = (async () => {
    for await (const change of lxd.instances.informer({ signal: abort.signal })) {
      seen.push(change.type === 'synced' ? 'synced' : `${change.type} ${change.key} ${change.value.status}`)
    }
  })()
  await until(async () => seen.includes('synced'))
  await create('seen')
  await (await lxd.instances.setState('seen', { action: 'start' })).wait()
  await until(async () => seen.some((line) => line.endsWith('seen Running')))
  await (await lxd.instances.setState('seen', { action: 'stop', force: true })).wait()
  await (await lxd.instances.delete('seen')).wait()
  await until(async () => seen.some((line) => line.startsWith('removed seen')))
  abort.abort()
  await following
})

test('the console of a running container is attached to, resized and left; SFTP answers; metrics know it', async () => {
  await lxd.instances.waitFor('one', { status: 'Running' })
  const attached = await lxd.instances.console.attach('one', { width: 80, height: 24, force: true })
  attached.resize(100, 30)
  attached.detach()
  await attached.ended
  assert.equal((await lxd.instances.state('one')).status, 'Running')
  assert.equal(typeof (await text(await lxd.instances.console.log('one'))), 'string')
  const sftp = await lxd.instances.sftp('one')
  // SSH_FXP_INIT of version 3, and the answer SSH_FXP_VERSION.
  sftp.write(Buffer.from([0, 0, 0, 5, 1, 0, 0, 0, 3]))
  const [answer] = (await once(sftp, 'data')) as [Buffer]
  assert.equal(answer[4], 2)
  sftp.destroy()
  const memory = (await root.metrics.get()).get('lxd_memory_MemTotal_bytes')
  assert.ok(memory?.samples.some(({ labels }) => labels.name === 'one' && labels.project === project))
})
