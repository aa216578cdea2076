// Requests that cannot be served: each the right status and a sentence that says what to do, and nothing left behind.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { AnboxError } from '@anbox/sdk'
import { Edge, small } from './edge.ts'

const test = suite('agent: refusals', { timeout: 30_000 })
let edge: Edge
let image: string

test.before(async () => {
  edge = await Edge.start()
  image = await edge.upload()
})
test.after(() => edge?.[Symbol.asyncDispose]())
// Whatever was asked: nothing may have come of it.
test.afterEach(async () => {
  assert.deepEqual(await edge.ams.instances.list(), [])
  assert.deepEqual(await edge.lxd.instances.list(), [])
})

const refused = async (method: 'POST' | 'PATCH' | 'GET' | 'DELETE', path: string, body?: unknown) => {
  const error = await edge.ams.connection.request(method, path, body === undefined ? {} : { body }).then(
    () => assert.fail(`${method} ${path} was accepted`),
    (error) => error as AnboxError,
  )
  assert.ok(error instanceof AnboxError, String(error))
  return `${error.status} ${error.server}`
}
const launch = (body: unknown) => refused('POST', '/1.0/instances', body)

test('beyond capacity, of each kind', async () => {
  assert.match(
    await launch({ image_id: image, resources: { ...small, cpus: 1000 } }),
    /^503 .*CPUs: 1000 wanted.*ask for less/,
  )
  assert.match(await launch({ image_id: image, resources: { ...small, memory: 2 ** 50 } }), /^503 .*memory/)
  assert.match(await launch({ image_id: image, resources: { ...small, disk_size: 2 ** 50 } }), /^503 .*disk/)
  assert.match(
    await launch({ image_id: image, resources: { ...small, 'gpu-slots': 1 } }),
    /^503 .*GPU slots: 1 wanted, 0 free of 0/,
  )
})

test('of an image that does not exist', async () => {
  assert.match(await launch({ image_id: 'nothing', resources: small }), /^404 image "nothing" not found/)
  assert.match(await launch({ image_id: image, image_version: 7, resources: small }), /^404 image version/)
  assert.match(await launch({ resources: small }), /^400 image_id is missing/)
})

test('with a broken body, or a field of the wrong type', async () => {
  const broken = await edge.ams.connection
    .request('POST', '/1.0/instances', {
      stream: Buffer.from('{"image_id":'),
      headers: { 'content-type': 'application/json' },
    })
    .catch((error) => error)
  assert.equal(broken.status, 400)
  assert.match(broken.server, /not JSON/)
  const invalid = await edge.ams.connection
    .request('POST', '/1.0/instances', { stream: Buffer.from([0x22, 0xff, 0x22]) })
    .catch((error) => error)
  assert.equal(invalid.status, 400)
  assert.match(
    await launch({ image_id: image, resources: { cpus: 'two' } }),
    /^400 resources\.cpus must be integer or null, not "two"/,
  )
  assert.match(await launch({ image_id: image, tags: 'a' }), /^400 tags must be/)
  assert.match(await launch({ image_id: 5 }), /^400 image_id must be/)
  assert.match(await launch([]), /^400 the request body must be object/)
  assert.match(await launch({ image_id: image, name: 'a'.repeat(2 ** 20) }), /^4(00|13) /)
})

test('with a name that cannot be', async () => {
  for (const name of ['a/b', 'ab', '-abc', 'abc-', 'a'.repeat(64), 'a b c', '../../x'])
    assert.match(await launch({ image_id: image, name, resources: small }), /^400 name/)
  assert.match(await refused('GET', '/1.0/instances/a%2Fb'), /^400 .*slash/)
})

test('with 11 KiB of user data, in characters or in bytes', async () => {
  assert.match(await launch({ image_id: image, user_data: 'a'.repeat(11 * 1024), resources: small }), /^400 user_data/)
  assert.match(
    await launch({ image_id: image, user_data: 'ä'.repeat(6 * 1024), resources: small }),
    /^400 user_data has 12288 bytes/,
  )
})

test('what this machine never serves is 501, and its name is not among the extensions', async () => {
  for (const body of [
    { image_id: image, type: 'vm' },
    { image_id: image, config: { enable_streaming: true } },
    { image_id: image, config: { features: 'enable_virtual_keyboard' } },
    { image_id: image, resources: { 'vpu-slots': 1 } },
  ])
    assert.match(await launch(body), /^501 .* not supported/)
  for (const path of ['/1.0/registry/applications', '/1.0/auth/oidc', '/1.0/instances/x/shares'])
    assert.match(await refused('GET', path), /^501 /)
  assert.match(await refused('POST', '/1.0/nodes', { name: 'x' }), /^501 /)
  const { api_extensions: extensions } = await edge.ams.service.get()
  for (const name of ['vm_support', 'registry', 'instance_share_support', 'oidc_support', 'application_gpu_encoder'])
    assert.ok(!extensions?.includes(name))
})

test('things that are not there', async () => {
  assert.match(await refused('GET', '/1.0/instances/nothing'), /^404 instance "nothing" not found/)
  assert.match(await refused('PATCH', '/1.0/instances/nothing', { desired_status: 'running' }), /^404 /)
  assert.match(await refused('DELETE', '/1.0/instances/nothing'), /^404 /)
  assert.match(await refused('DELETE', '/1.0/instances', { ids: ['nothing'] }), /^404 /)
  assert.match(await refused('GET', '/1.0/images/nothing'), /^404 image/)
  assert.match(await launch({ app_id: 'nothing' }), /^404 application "nothing" not found/)
  assert.match(await launch({ image_id: image, addons: ['nothing'] }), /^404 addon "nothing" not found/)
  assert.match(await launch({ source: { type: 'instance', id: 'nothing' } }), /^404 instance "nothing" not found/)
  assert.match(await refused('GET', '/1.0/operations/nothing'), /^404 operation/)
  assert.match(await refused('GET', '/1.0/certificates/nothing'), /^404 certificate/)
  assert.match(await refused('GET', '/1.0/nodes/other'), /^404 node/)
  assert.match(await refused('GET', '/1.0/nothing'), /^404 .*not a call/)
})

test('config: unknown keys are 404, known ones without effect refuse to be set', async () => {
  assert.match(await refused('PATCH', '/1.0/config', { name: 'no.such', value: 'x' }), /^404 config item/)
  assert.match(await refused('PATCH', '/1.0/config', { name: 'registry.url', value: 'x' }), /^501 /)
  assert.match(await refused('PATCH', '/1.0/config', { name: 'cpu.limit_mode', value: 'x' }), /^400 /)
  assert.match(await refused('PATCH', '/1.0/config', { name: 'core.https_address', value: 'x' }), /^400 .*read only/)
})

test('uploads: not an image, damaged on the way, no name, a name that is taken', async () => {
  const upload = (bytes: Buffer, headers: Record<string, string>) =>
    edge.ams.connection
      .request('POST', '/1.0/images', {
        stream: bytes,
        headers: { 'content-type': 'application/octet-stream', ...headers },
      })
      .then(
        () => 'accepted',
        (error) => `${error.status} ${error.server}`,
      )
  const gzip = Buffer.from([0x1f, 0x8b, 8, 0, 0])
  assert.match(
    await upload(Buffer.from('not an image at all'), { 'x-ams-request': '{"name":"x"}' }),
    /^400 .*not an image/,
  )
  assert.match(await upload(Buffer.alloc(0), { 'x-ams-request': '{"name":"x"}' }), /^400 .*empty/)
  assert.match(await upload(gzip, { 'x-ams-request': '{"name":"x"}', 'x-ams-fingerprint': 'ab' }), /^400 .*damaged/)
  assert.match(await upload(gzip, {}), /^400 image name/)
  assert.match(await upload(gzip, { 'x-ams-request': '{"name":"../x"}' }), /^400 image name/)
  assert.match(await upload(gzip, { 'x-ams-request': 'x' }), /^400 .*X-AMS-Request/)
  assert.match(await upload(gzip, { 'x-ams-request': '{"name":"standin"}' }), /^409 .*exists already/)
  // A tarball that LXD does not take: the operation fails and no image stays.
  const operation = await edge.ams.images.upload('broken', await brokenTarball())
  await assert.rejects(operation.wait(), /LXD did not take the image/)
  assert.deepEqual(
    (await edge.ams.images.list()).map(({ name }) => name),
    ['standin'],
  )
  assert.equal((await edge.lxd.images.list()).length, 1)
})

async function brokenTarball(): Promise<string> {
  const { gzipSync } = await import('node:zlib')
  const { writeFileSync } = await import('node:fs')
  const path = edge.path('broken.tar.gz')
  writeFileSync(path, gzipSync(Buffer.alloc(10_240)))
  return path
}

test('an unschedulable node takes nothing new', async () => {
  await (await edge.ams.nodes.update('box', { unschedulable: true })).wait()
  assert.match(await launch({ image_id: image, resources: small }), /^503 .*unschedulable/)
  await (await edge.ams.nodes.update('box', { unschedulable: false })).wait()
})
