// The daemon as a process: SIGTERM and restart, one per state directory, systemd's notifications, its command line.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from '@anbox/harness'
import { AmsClient } from '@anbox/sdk'
import { DgramSocket } from 'node-unix-socket'
import { Edge, guestFile, made, small } from './edge.ts'

const test = suite('agent: process', { timeout: 60_000 })
const cli = join(import.meta.dirname, '../../packages/edge-agent/src/cli.ts')
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, [cli, ...args]).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    (error) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  )
let edge: Edge

test.before(async () => {
  edge = await Edge.start()
})
test.after(() => edge?.[Symbol.asyncDispose]())

test('SIGTERM ends it with 0 and leaves the Android systems running; a restart adopts them', async () => {
  const image = await edge.upload()
  const id = made(await (await edge.ams.instances.launch({ image_id: image, resources: small })).wait(), 'instances')
  const before = await edge.lxd.instances.get(`ams-${id}`)
  assert.equal(await edge.kill('SIGTERM'), 0)
  assert.ok(!existsSync(edge.path('state/unix.socket')))
  assert.equal((await edge.lxd.instances.get(`ams-${id}`)).status, 'Running')
  await edge.run()
  const adopted = await edge.ams.instances.get(id)
  assert.equal(adopted.status, 'running')
  assert.equal((await edge.lxd.instances.get(`ams-${id}`)).last_used_at, before.last_used_at)
  assert.equal((await edge.ams.instances.run(id, ['getprop', 'sys.boot_completed'])).stdout.trim(), '1')
  await (await edge.ams.instances.delete(id)).wait()
})

test('SIGTERM while LXD takes an image ends it with 0; the next agent has the image whole or not at all', async () => {
  for (const image of await edge.ams.images.list()) await (await edge.ams.images.delete(image.id)).wait()
  for (let round = 0; round < 5; round += 1) {
    await edge.ams.images.upload(`cut-${round}`, guestFile())
    await new Promise((resolve) => setTimeout(resolve, round * 10))
    assert.equal(await edge.kill('SIGTERM'), 0, edge.read('agent.log').slice(-1000))
    await edge.run()
    const records = await edge.ams.images.list()
    assert.ok(records.every(({ status }) => status === 'active'))
    const wanted = records.length > 0 ? 1 : 0
    assert.equal((await edge.lxd.images.list()).length, wanted)
    for (const { id } of records) await (await edge.ams.images.delete(id)).wait()
  }
})

test('its state is for root alone, and so is its socket', () => {
  assert.equal(statSync(edge.path('state')).mode & 0o777, 0o700)
  assert.equal(statSync(edge.path('state/agent.db')).mode & 0o777, 0o600)
  assert.equal(statSync(edge.path('state/unix.socket')).mode & 0o777, 0o600)
})

test('over the unix socket no certificate is needed', async () => {
  await using local = new AmsClient({ socketPath: edge.path('state/unix.socket') })
  assert.equal((await local.service.get()).auth, 'trusted')
  assert.equal((await local.nodes.list())[0]?.name, 'box')
})

test('a second agent on the same state directory refuses to start and harms nothing', async () => {
  const { code, stderr } = await run('run', '--config', edge.path('config.yaml'))
  assert.equal(code, 1)
  assert.match(stderr, /another agent/)
  assert.equal((await edge.ams.nodes.list())[0]?.status, 'online')
})

test('a wrong configuration ends it with 78 and the reason', async () => {
  const wrong = await run(
    'run',
    '--config',
    edge.path('config.yaml'),
    '--lxd.storagePool',
    'nothing',
    '--stateDirectory',
    edge.path('other'),
  )
  assert.equal(wrong.code, 78, wrong.stderr)
  assert.match(wrong.stderr, /no storage pool "nothing"/)
  const taken = await run('run', '--config', edge.path('config.yaml'), '--stateDirectory', edge.path('third'))
  assert.equal(taken.code, 78)
  assert.match(taken.stderr, /cannot listen/)
  assert.equal((await run('check', '--config', edge.path('config.yaml'))).code, 0)
  assert.equal((await run('check', '--api.port', 'x')).code, 78)
  assert.match((await run('run', '--help')).stdout, /ANBOX_EDGE_LXD_SOCKET/)
})

test('systemd is told READY, STATUS, WATCHDOG and STOPPING', async () => {
  const said: string[] = []
  const socket = new DgramSocket()
  socket.on('data', (bytes: Buffer) => said.push(bytes.toString()))
  socket.bind(edge.path('notify'))
  try {
    await edge.kill('SIGTERM')
    await edge.run({ NOTIFY_SOCKET: edge.path('notify'), WATCHDOG_USEC: '200000' })
    await new Promise((resolve) => setTimeout(resolve, 500))
    await edge.kill('SIGTERM')
    await new Promise((resolve) => setTimeout(resolve, 100))
  } finally {
    socket.close()
  }
  const all = said.join('\n')
  assert.match(all, /READY=1\nSTATUS=hosting 0 Android systems/)
  assert.ok(said.filter((text) => text === 'WATCHDOG=1').length >= 3, all)
  assert.match(all, /STOPPING=1$/)
  await edge.run()
})
