// A guest that behaves badly is bounded, and its neighbours go on: a fork bomb, a memory hog and a disk filler.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { Edge, made, small } from './edge.ts'

const test = suite('agent: bad neighbours', { timeout: 90_000 })
let edge: Edge
let good: string
let bad: string

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 20 })
  await edge.upload()
  const launch = async (name: string) =>
    made(await (await edge.ams.instances.launch({ name, image_id: 'standin', resources: small })).wait(), 'instances')
  good = await launch('good')
  bad = await launch('bad')
})
test.after(() => edge?.[Symbol.asyncDispose]())

/** The neighbour still answers, and another guest still boots. */
async function neighboursAreWell(): Promise<void> {
  assert.equal((await edge.ams.instances.run(good, ['getprop', 'sys.boot_completed'])).stdout.trim(), '1')
  const launched = await (await edge.ams.instances.launch({ image_id: 'standin', resources: small })).wait()
  const id = made(launched, 'instances')
  assert.equal((await edge.ams.instances.get(id)).status, 'running')
  await (await edge.ams.instances.delete(id)).wait()
  assert.equal((await edge.ams.instances.get(good)).status, 'running')
}

/** Runs for as long as the work takes, in the bad guest. */
async function meanwhile(script: string, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController()
  const running = edge.ams.instances.run(bad, ['sh', '-c', script], { signal: stop.signal }).catch(() => {})
  try {
    await sleep(1_500)
    await work()
  } finally {
    stop.abort()
    await running
  }
}

/** The limits that keep it in, as LXD has them. */
const limits = async () => (await edge.lxd.instances.get(`ams-${bad}`)).config

test('a disk filler fills its own disk and no other', async () => {
  await meanwhile('dd if=/dev/urandom of=/data/filler bs=1M count=4096 2>/dev/null; sleep 60', neighboursAreWell)
  const { stdout } = await edge.ams.instances.run(bad, ['du', '-k', '/data/filler'])
  assert.ok(Number(stdout.split(/\s/)[0]) <= small.disk_size / 1024, stdout)
  await edge.ams.instances.run(bad, ['rm', '-f', '/data/filler'])
})

test('a memory hog gets what it was given', async () => {
  const hog = 'a=x; while :; do a=$a$a; done'
  await meanwhile(`while :; do sh -c '${hog}'; done`, neighboursAreWell)
  const { memory } = await edge.lxd.instances.state(`ams-${bad}`)
  assert.ok((memory?.usage ?? 0) <= small.memory * 1.01, String(memory?.usage))
})

test('a fork bomb ends at the limit of processes', async () => {
  assert.equal((await limits())['limits.processes'], '4096')
  await meanwhile('bomb() { bomb | bomb & }; bomb; sleep 60', async () => {
    await neighboursAreWell()
    const { processes = 0 } = await edge.lxd.instances.state(`ams-${bad}`)
    assert.ok(processes <= 4096, String(processes))
  })
})

test('and it is deleted like any other', async () => {
  await (await edge.ams.instances.delete(bad)).wait()
  await neighboursAreWell()
})
