// LXD killed and started again under the agent: the agent stays up, says so, and recovers by itself. With an LXD of its own.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { UnavailableError } from '@anbox/sdk'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { Edge, made, small, until } from '../live/edge.ts'

const test = suite('LXD restarted under the agent', { timeout: 90_000 })
const directory = mkdtempSync(join(tmpdir(), 'lxd-'))
let lxd: PrivateLxd
let edge: Edge
let image: string

test.before(
  async () => {
    lxd = await startPrivateLxd({ directory })
    edge = await Edge.start({ lxdDirectory: lxd.directory, bridge: lxd.bridge })
    image = await edge.upload()
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    await edge?.[Symbol.asyncDispose]()
    await cleanPrivateLxd(directory)
    rmSync(directory, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

const node = async () => (await edge.ams.nodes.list())[0]
const isOffline = async () => (await node())?.status === 'offline'
const isOnline = async () => (await node())?.status === 'online'

async function killLxd(): Promise<void> {
  const { environment } = await edge.lxd.server.get()
  const pid = environment?.server_pid
  assert.ok(pid)
  process.kill(pid, 'SIGKILL')
}

test('while LXD is away the node is offline, reads answer, launches are refused; then it is online, and nothing was lost', async () => {
  const launched = await edge.ams.instances.launch({ image_id: image, name: 'survivor', resources: small })
  const id = made(await launched.wait(), 'instances')
  const pid = edge.pid
  await killLxd()
  await until(isOffline)
  assert.equal((await edge.ams.instances.get(id)).status, 'running')
  await assert.rejects(edge.ams.instances.launch({ image_id: image, resources: small }), (error: Error) => {
    assert.ok(error instanceof UnavailableError)
    assert.match(error.message, /LXD does not answer/)
    return true
  })
  await startPrivateLxd({ directory })
  await until(isOnline)
  assert.equal(edge.pid, pid)
  process.kill(pid, 0)
  assert.equal((await edge.ams.instances.run(id, ['getprop', 'sys.boot_completed'])).stdout.trim(), '1')
  const again = await (await edge.ams.instances.launch({ image_id: image, name: 'after', resources: small })).wait()
  assert.equal((await edge.ams.instances.get(made(again, 'instances'))).status, 'running')
})

test('an LXD killed during launches and deletes: each operation ends with the truth once it is back', async () => {
  const launches = await Promise.all(
    [0, 1, 2, 3].map((n) => edge.ams.instances.launch({ image_id: image, name: `under-way-${n}`, resources: small })),
  )
  const removal = await edge.ams.instances.delete('survivor')
  await killLxd()
  await until(isOffline)
  await startPrivateLxd({ directory })
  for (const launch of launches) await launch.wait()
  await removal.wait()
  const records = await edge.ams.instances.list()
  assert.deepEqual(records.map(({ name }) => name).sort(), [
    'after',
    'under-way-0',
    'under-way-1',
    'under-way-2',
    'under-way-3',
  ])
  assert.ok(records.every(({ status }) => status === 'running'))
  const found = await edge.lxd.instances.list()
  assert.deepEqual(found.map(({ name }) => name).sort(), records.map((record) => `ams-${record.id}`).sort())
})

test('an agent that starts while LXD is away waits for it and adopts', async () => {
  await killLxd()
  await edge.kill('SIGKILL')
  await edge.run()
  assert.ok(await isOffline())
  await startPrivateLxd({ directory })
  await until(isOnline)
  assert.ok((await edge.ams.instances.list()).every(({ status }) => status === 'running'))
  await (await edge.ams.instances.delete('after')).wait()
})
