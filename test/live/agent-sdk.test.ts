// What the SDK's AMS client does beyond single requests, against the agent.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { InvalidRequestError, NotFoundError, NotSupportedError } from '@anbox/sdk'
import { Edge, made } from './edge.ts'

const test = suite('agent: the AMS client', { timeout: 60_000 })
let edge: Edge
let image: string

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 20 })
  image = await edge.upload()
})
test.after(() => edge?.[Symbol.asyncDispose]())

const small = { cpus: 1, memory: '128MiB', disk_size: '256MB' }
const crash = '{"standin":{"boot":"crash"}}'

test('amounts are those that the agent gives LXD; pages count all', async () => {
  const { instances } = edge.ams
  for (const name of ['one', 'two'])
    await (await instances.launch({ name, image_id: image, resources: small, no_start: true })).wait()
  const { items, total } = await instances.page({ limit: 1 })
  assert.deepEqual([items.length, total], [1, 2])
  const { resources } = await instances.get('one')
  assert.deepEqual([resources.memory, resources['disk-size']], [128 * 2 ** 20, 256 * 2 ** 20])
  const [lxd] = await edge.lxd.instances.list()
  assert.equal(lxd?.config['limits.memory'], `${128 * 2 ** 20}B`)
  await (await instances.deleteMany(['one', 'two'])).wait()
  assert.deepEqual(await instances.list(), [])
})

test('an informer tells what is there, what comes, changes and goes', async () => {
  const { instances } = edge.ams
  await (await instances.launch({ name: 'one', image_id: image, resources: small, no_start: true })).wait()
  const stop = new AbortController()
  const told: string[] = []
  const seen = (async () => {
    for await (const change of instances.informer({ signal: stop.signal })) {
      if (change.type === 'synced') continue
      told.push(`${change.type} ${change.value.name}`)
      if (told.at(-1) === 'removed two') stop.abort()
    }
  })()
  const until = async (line: string) => {
    while (!told.includes(line)) await sleep(20)
  }
  await until('added one')
  await (await instances.launch({ name: 'two', image_id: image, resources: small })).wait()
  await until('changed two')
  await (await instances.delete('two', { force: true })).wait()
  await seen
  assert.deepEqual([told[0], told[1], told.at(-1)], ['added one', 'added two', 'removed two'])
  await (await instances.delete('one')).wait()
})

test('there is a default image, and another one can take its place', async () => {
  const { images } = edge.ams
  assert.equal((await images.getDefault()).id, image)
  assert.equal((await images.getDefault({ type: 'container' })).id, image)
  await assert.rejects(images.getDefault({ type: 'vm' }), NotFoundError)
  const other = await edge.upload('other')
  await (await images.setDefault('other')).wait()
  assert.equal((await images.getDefault()).id, other)
  await (await images.delete('other')).wait()
  assert.equal((await images.getDefault()).id, image)
})

test('an instance that has failed is started when that is said', async () => {
  const { instances } = edge.ams
  const launching = await instances.launch({ name: 'broken', image_id: image, resources: small, user_data: crash })
  const id = made(launching, 'instances')
  await launching.wait().catch(() => {})
  assert.equal((await instances.get(id)).status, 'error')
  await assert.rejects(instances.start(id), InvalidRequestError)
  assert.equal((await instances.get(id)).status, 'error')
  await (await instances.start(id, { fromError: true })).wait().catch(() => {})
  assert.equal((await instances.get(id)).status, 'error', 'it crashes again')
  await (await instances.delete(id)).wait()
})

test('what the agent does not have is refused by its name, and nothing else is tried', async () => {
  const { ams } = edge
  const refused: [string, () => Promise<unknown>][] = [
    ['instance_share_support', () => ams.instances.shares.create('x', { type: 'adb' })],
    ['registry', () => ams.registry.list()],
    ['oidc_support', () => ams.oidc.get()],
  ]
  for (const [name, call] of refused)
    await assert.rejects(call(), (error: Error) => {
      assert.ok(error instanceof NotSupportedError, `${name}: ${error}`)
      assert.ok(error.message.includes(`"${name}"`), error.message)
      return true
    })
  await assert.rejects(ams.instances.get('nobody'), { name: 'NotFoundError', path: '/1.0/instances/nobody' })
})

test('operations are listed as the agent groups them', async () => {
  const { ams } = edge
  const operation = await ams.instances.launch({ name: 'listed', image_id: image, resources: small })
  const listed = (await ams.operations.list()).find(({ id }) => id === operation.id)
  assert.equal(listed?.resource('instances'), operation.resource('instances'))
  await (await ams.operations.wait(operation.id)).refresh()
  assert.equal((await ams.instances.get('listed')).status, 'running')
  await (await ams.instances.delete('listed')).wait()
})
