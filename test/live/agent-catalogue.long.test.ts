// What instances are made of and how clients get at it, beside applications: versions of images, copies, images of
// instances, addons on raw instances, containers under their old name, identities, metrics.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { AmsClient, InvalidRequestError } from '@anbox/sdk'
import { make } from '../../packages/sdk/test/certificates.ts'
import { Edge, guestFile, made, small, until } from './edge.ts'
import { noting, tarBz2 } from './package.ts'

const test = suite('agent: catalogue', { timeout: 60_000 })
const folder = mkdtempSync(join(tmpdir(), 'catalogue-'))
let edge: Edge
let image: string

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 20 })
  image = await edge.upload()
})
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const launch = async (body: object) =>
  made(await (await edge.ams.instances.launch({ resources: small, ...body })).wait(), 'instances')
const read = async (id: string, path: string) => (await edge.ams.instances.run(id, ['cat', path])).stdout

test('addons of a raw instance are installed once; their hooks run at each start and before each stop', async () => {
  const addon = tarBz2({
    'manifest.yaml': 'name: noter\nhooks: {timeout: 1m}\n',
    'hooks/install': noting('install'),
    'hooks/post-start': noting('post-start'),
    'hooks/backup': noting('backup'),
  })
  writeFileSync(join(folder, 'noter.tar.bz2'), addon)
  await (await edge.ams.addons.add('noter', join(folder, 'noter.tar.bz2'))).wait()
  const id = await launch({ name: 'noted', image_id: image, addons: ['noter'], user_data: 'of the first' })
  await edge.ams.instances.run(id, ['sh', '-c', 'echo mine >/data/mine'])
  await (await edge.ams.instances.stop(id)).wait()
  await (await edge.ams.instances.start(id)).wait()
  const ran = (await read(id, '/data/hooks')).split('\n').map((line) => line.split(' ')[0])
  assert.deepEqual(ran, ['install', 'post-start', 'backup', 'install', 'post-start', ''])
  assert.deepEqual((await edge.ams.addons.get('noter')).used_by, [])
  await (await edge.ams.instances.stop(id)).wait()
})

test('a stopped instance is copied with its disk and its addons, under limits of its own', async () => {
  const id = await launch({
    name: 'copied',
    source: { type: 'instance', id: 'noted' },
    resources: { ...small, cpus: 2 },
  })
  const copy = await edge.ams.instances.get(id)
  assert.equal(copy.image_id, image)
  assert.equal(copy.resources.cpus, 2)
  assert.equal(await read(id, '/data/mine'), 'mine\n')
  assert.equal(await read(id, '/var/lib/anbox/userdata'), '', 'what the other one was told is not inherited')
  await assert.rejects(
    edge.ams.instances.launch({ source: { type: 'instance', id: 'copied' } }),
    /must be stopped to be copied/,
  )
  const maps = (await edge.lxd.instances.list()).map(({ config }) => config['volatile.idmap.base'])
  assert.equal(new Set(maps).size, maps.length, 'each has ids of its own')
})

test('an image is made of an instance, stopped for it where that is asked for', async () => {
  await assert.rejects(edge.ams.images.publish('copied', 'mine'), InvalidRequestError)
  const published = made(await (await edge.ams.images.publish('copied', 'mine', { force: true })).wait(), 'images')
  assert.equal((await edge.ams.instances.get('copied')).status, 'stopped')
  // It says of itself what the image said that the instance was made from.
  const id = await launch({ name: 'reborn', image_id: published, addons: ['noter'] })
  assert.equal(await read(id, '/data/mine'), 'mine\n')
  await (await edge.ams.instances.deleteMany(['noted', 'copied', 'reborn'])).wait()
  await (await edge.ams.images.delete('mine')).wait()
})

test('an image that does not say that it waits has no addons and no applications', async () => {
  const parts = join(folder, 'parts')
  execFileSync('sh', [
    '-c',
    'mkdir "$2" && tar -xzf "$1" -C "$2" && sed -i /anbox.hold/d "$2/metadata.yaml"',
    'sh',
    guestFile(),
    parts,
  ])
  execFileSync('tar', ['-C', parts, '-czf', join(folder, 'hasty.tar.gz'), 'metadata.yaml', 'rootfs'])
  await (await edge.ams.images.upload('hasty', join(folder, 'hasty.tar.gz'))).wait()
  await assert.rejects(edge.ams.instances.launch({ image_id: 'hasty', addons: ['noter'] }), /anbox\.hold/)
  writeFileSync(join(folder, 'app.tar.bz2'), tarBz2({ 'manifest.yaml': 'name: app\nimage: hasty\n' }))
  await assert.rejects(edge.ams.applications.create(join(folder, 'app.tar.bz2')), /anbox\.hold/)
  assert.deepEqual(await edge.ams.applications.list(), [])
  await (await edge.ams.images.delete('hasty')).wait()
})

test('an image has versions: the newest is launched unless another is named, and one stays', async () => {
  await (await edge.ams.images.uploadVersion('standin', edge.otherGuest(folder))).wait()
  const newest = await launch({ image_id: image, no_start: true })
  const older = await launch({ image_id: image, image_version: 0, no_start: true })
  assert.equal((await edge.ams.instances.get(newest)).image_version, 1)
  assert.equal((await edge.ams.instances.get(older)).image_version, 0)
  await (await edge.ams.images.deleteVersion('standin', 1)).wait()
  await assert.rejects(edge.ams.images.deleteVersion('standin', 0), /only one/)
  await assert.rejects(edge.ams.images.uploadVersion('standin', process.execPath), /not an image/)
  await (await edge.ams.instances.deleteMany([newest, older])).wait()
})

test('containers are instances under their old name', async () => {
  const operation = await edge.ams.containers.launch({
    image_id: image,
    cpus: small.cpus,
    memory: small.memory,
    disk_size: small.disk_size,
  })
  const id = made(await operation.wait(), 'containers')
  const container = await edge.ams.containers.get(id)
  assert.equal(container.type, 'regular')
  assert.deepEqual(container.resources, { cpus: 1, memory: '128MB', 'disk-size': '256MB', 'gpu-slots': 0 })
  assert.deepEqual(
    (await edge.ams.containers.list()).map((one) => one.id),
    [id],
  )
  assert.equal((await edge.ams.containers.run(id, ['echo', 'old'])).stdout, 'old\n')
  await (await edge.ams.containers.delete(id)).wait()
})

test('an identity may do nothing until it is in the group admin', async () => {
  const { certificate, key } = make('eve')
  const operation = await edge.ams.identities.create({ authentication_method: 'tls', name: 'eve', certificate })
  const id = made(await operation.wait(), 'identities')
  await using eve = new AmsClient({ url: edge.url, certificate, key, ca: edge.read('tls/ca.crt') })
  await assert.rejects(eve.instances.list(), { status: 403 })
  assert.deepEqual(await eve.permissions.list(), [])
  await edge.ams.groups.create({ name: 'viewers' })
  await edge.ams.identities.setGroups(id, ['viewers'])
  await assert.rejects(eve.instances.list(), { status: 403 })
  await edge.ams.identities.setGroups(id, ['admin'])
  assert.deepEqual(await eve.instances.list(), [])
  await assert.rejects(edge.ams.groups.delete('admin'), { status: 403 })
  await edge.ams.identities.delete(id)
  await assert.rejects(eve.instances.list(), { status: 401 })
})

test('metrics carry the published names, and count what was asked', async () => {
  const text = await edge.ams.metrics.text()
  assert.match(text, /^ams_cluster_nodes_total 1$/m)
  assert.match(text, /^ams_cluster_instances_total 0$/m)
  assert.match(text, /^ams_http_requests_total\{handler="https_container_DELETE",method="delete",code="202"\} \d+$/m)
  assert.match(text, /^ams_cluster_instance_boot_time_seconds_count [1-9]/m)
})

test('a browser opens the events with a token', async () => {
  const open = (token: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      }
      const asked = request(`${edge.url}/1.0/events?token=${token}`, { ca: edge.read('tls/ca.crt'), headers })
      asked.once('upgrade', ({ statusCode }, socket) => {
        socket.destroy()
        resolve(statusCode)
      })
      asked.once('response', ({ statusCode }) => resolve(statusCode))
      asked.once('error', reject)
      asked.end()
    })
  assert.equal(await open(await edge.ams.events.token()), 101)
  assert.equal(await open('e30.e30.e30'), 401)
})

test('a node that is full refuses, and says what is lacking', async () => {
  await (await edge.ams.nodes.update('box', { cpus: 1, cpu_allocation_rate: 1 })).wait()
  const id = await launch({ image_id: image })
  await assert.rejects(edge.ams.instances.launch({ image_id: image, resources: small }), { status: 503 })
  await (await edge.ams.instances.delete(id)).wait()
  await until(async () => (await edge.ams.tasks.list()).length === 0)
})
