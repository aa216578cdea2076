// More instances than one LXD project is to have: they go to another one, and nobody notices.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { NotFoundError } from '@anbox/sdk'
import { Edge, made, small, until } from './edge.ts'

const test = suite('agent: several LXD projects', { timeout: 60_000 })
let edge: Edge
let image: string

test.before(async () => {
  edge = await Edge.start({ project: { instancesPerProject: 2 } })
  image = await edge.upload()
})
test.after(() => edge?.[Symbol.asyncDispose]())

const launch = async (body: object) =>
  made(await (await edge.ams.instances.launch({ resources: small, ...body })).wait(), 'instances')
const second = () => edge.lxd.project(`${edge.project}-2`)
const names = async (lxd = edge.lxd) => (await lxd.instances.list()).map(({ name }) => name).sort()
const fingerprints = async (lxd = edge.lxd) => (await lxd.images.list()).map(({ fingerprint }) => fingerprint).sort()

test('the third of two goes to another project, as restricted as the first, with the image from there', async () => {
  const ids: string[] = []
  for (const name of ['one', 'two', 'three']) ids.push(await launch({ name, image_id: image }))
  const [one, two, three] = ids.map((id) => `ams-${id}`)
  assert.deepEqual(await names(), [one, two].sort())
  assert.deepEqual(await names(second()), [three])
  const [first, other] = [
    await edge.lxd.projects.get(edge.project),
    await edge.lxd.projects.get(`${edge.project}-2`),
  ].map(({ config = {} }) => config)
  assert.equal(other?.restricted, 'true')
  assert.deepEqual({ ...other, 'user.anbox.first': undefined }, { ...first, 'user.anbox.first': undefined })
  assert.deepEqual(await fingerprints(second()), await fingerprints())
  assert.equal((await edge.ams.instances.run('three', ['getprop', 'sys.boot_completed'])).stdout.trim(), '1')
})

test('it is adopted by the next agent, and followed by it: stopped behind its back it is in error', async () => {
  await edge.kill('SIGKILL')
  await edge.run()
  assert.equal((await edge.ams.instances.get('three')).status, 'running')
  const [name = ''] = await names(second())
  await (await second().instances.setState(name, { action: 'stop', force: true, timeout: -1 })).wait()
  await until(async () => (await edge.ams.instances.get('three')).status === 'error')
})

test('a copy from project to project, an image made of one that is not in the first', async () => {
  await (await edge.ams.instances.stop('two')).wait()
  await launch({ name: 'copy', source: { id: 'two' } })
  assert.equal((await names(second())).length, 2)
  const published = made(await (await edge.ams.images.publish('three', 'of-three')).wait(), 'images')
  assert.equal((await fingerprints()).length, 2)
  assert.equal((await fingerprints(second())).length, 1)
  await (await edge.ams.images.delete(published)).wait()
  await launch({ name: 'again', image_id: image })
  assert.equal((await names(edge.lxd.project(`${edge.project}-3`))).length, 1)
})

test("somebody else's project of that name is left alone, and the launch says so", async () => {
  const taken = `${edge.project}-4`
  await edge.lxd.projects.create({ name: taken, config: { 'features.images': 'true' } })
  await launch({ name: 'sixth', image_id: image })
  await assert.rejects(launch({ name: 'seventh', image_id: image }), /"test-[0-9a-f]+-4" that is not the agent's/)
  assert.equal((await edge.lxd.projects.get(taken)).config?.restricted, undefined)
  await (await edge.ams.instances.delete('seventh')).wait()
})

test('deleted, they leave nothing; the image goes from all projects', async () => {
  const ids = (await edge.ams.instances.list()).map(({ id }) => id ?? '')
  await (await edge.ams.instances.deleteMany(ids)).wait()
  await (await edge.ams.images.delete(image)).wait()
  for (const project of ['', '-2', '-3']) {
    const lxd = edge.lxd.project(`${edge.project}${project}`)
    assert.deepEqual([await names(lxd), await fingerprints(lxd)], [[], []])
  }
  await assert.rejects(edge.ams.images.get(image), NotFoundError)
})
