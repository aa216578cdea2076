// Instances made ahead: nobody sees them, a launch that fits takes one and gets what it asked for, and they make room.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { Edge, made, small, until } from './edge.ts'

const test = suite('agent: instances made ahead', { timeout: 60_000 })
let edge: Edge

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 20, config: { warm: { of: ['standin'], prepared: 1, paused: 1 } } })
  await edge.upload()
})
test.after(() => edge?.[Symbol.asyncDispose]())

type Warm = { 'edge.warm': { prepared: number; paused: number } }
const ready = async () => ((await edge.ams.nodes.get('box')) as unknown as Warm)['edge.warm']
const full = () =>
  until(async () => {
    const { prepared, paused } = await ready()
    return prepared === 1 && paused === 1
  })
const names = async () => (await edge.lxd.instances.list()).map(({ name }) => name)
const launch = async (body: object) =>
  made(await (await edge.ams.instances.launch({ image_id: 'standin', ...body })).wait(), 'instances')

test('they are there, and no list, event or count of instances has them', async () => {
  await full()
  assert.equal((await names()).length, 2)
  assert.deepEqual(await edge.ams.instances.list(), [])
  assert.deepEqual(await edge.ams.tasks.list(), [])
})

test('a launch takes the paused one, under its own name and limits', async () => {
  const before = await names()
  const id = await launch({ name: 'quick', resources: small, services: [{ name: 'adb', port: 5559 }] })
  assert.ok(before.includes(`ams-${id}`), 'it was there before')
  const instance = await edge.ams.instances.get('quick')
  assert.equal(instance.status, 'running')
  assert.equal(instance.resources.memory, small.memory)
  const { config, devices } = await edge.lxd.instances.get(`ams-${id}`)
  assert.equal(config['limits.memory'], `${small.memory}B`)
  assert.equal(devices.root?.size, `${small.disk_size}B`)
  assert.ok(Object.keys(devices).includes('adb-tcp'))
  assert.equal((await edge.ams.instances.run(id, ['getprop', 'sys.boot_completed'])).stdout.trim(), '1')
})

test('a launch with user data takes the prepared one, since the other has booted without it', async () => {
  await full()
  const before = await names()
  const id = await launch({ user_data: 'mine', resources: small })
  assert.ok(before.includes(`ams-${id}`), 'it was there before')
  assert.equal((await edge.ams.instances.run(id, ['cat', '/var/lib/anbox/userdata'])).stdout, 'mine')
  assert.equal((await ready()).paused, 1)
})

test('they outlive the agent, and each is taken once', async () => {
  await full()
  await edge.kill('SIGKILL')
  await edge.run()
  await full()
  const ids = await Promise.all([1, 2, 3].map(() => launch({ resources: small })))
  assert.equal(new Set(ids).size, 3)
  const maps = (await edge.lxd.instances.list()).map(({ config }) => config['volatile.idmap.base'])
  assert.equal(new Set(maps).size, maps.length)
  await (await edge.ams.instances.deleteMany((await edge.ams.instances.list()).map(({ id }) => id))).wait()
})

test('they go where a launch needs their room', async () => {
  await full()
  await (await edge.ams.nodes.update('box', { memory: '6GB', memory_allocation_rate: 1 })).wait()
  const id = await launch({ resources: { cpus: 1, memory: 6 * 2 ** 30, disk_size: small.disk_size }, user_data: 'x' })
  assert.equal((await edge.ams.instances.get(id)).status, 'running')
  assert.equal((await ready()).paused, 0)
})
