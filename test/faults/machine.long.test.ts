// What a machine does to its agent: a store that is full or read-only, a clock that somebody sets. Each passes, and nobody
// has to do anything about it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs'
import { suite } from '@anbox/harness'
import { AmsClient, AnboxError } from '@anbox/sdk'
import { Edge, made, small, until } from '../live/edge.ts'

const test = suite('faults of the machine', { timeout: 60_000 })
const [faketime] = globSync('/usr/lib/*/faketime/libfaketime.so.1')

const launch = async (ams: AmsClient) =>
  made(await (await ams.instances.launch({ image_id: 'standin', resources: small })).wait(), 'instances')
const refused = async (work: Promise<unknown>, status: number, words: RegExp) =>
  assert.rejects(work, (error: Error) => {
    assert.ok(error instanceof AnboxError)
    assert.equal(error.status, status, error.message)
    assert.match(error.message, words)
    return true
  })

test('a full store refuses what it cannot write, loses nothing, and goes on once there is room', async () => {
  await using edge = await Edge.start({ bootSeconds: 20, stateMiB: 24 })
  await edge.upload()
  const id = await launch(edge.ams)
  const filler = edge.path('state/filler')
  assert.throws(() => execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=64k'], { stdio: 'ignore' }))
  await refused(edge.ams.images.upload('other', edge.otherGuest(edge.directory)), 503, /the disk of .* is full/)
  await refused(edge.ams.instances.launch({ image_id: 'standin', resources: small }), 503, /cannot be written/)
  assert.equal((await edge.ams.instances.get(id)).status, 'running')
  rmSync(filler)
  const next = await launch(edge.ams)
  assert.deepEqual(
    (await edge.ams.instances.list()).map(({ status }) => status),
    ['running', 'running'],
  )
  await edge.kill('SIGKILL')
  await edge.run()
  assert.equal((await edge.ams.instances.get(next)).status, 'running')
})

test('a store that is read-only for a while delays, and nothing more', async () => {
  await using edge = await Edge.start({ bootSeconds: 20, stateMiB: 24 })
  await edge.upload()
  const id = await launch(edge.ams)
  const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, edge.path('state')])
  // Open files keep a file system from being made read-only; what cannot be written is what counts.
  await edge.kill('SIGKILL')
  remount('ro')
  await assert.rejects(edge.run(), /read-only|readonly|in use|EROFS/i)
  remount('rw')
  await edge.run()
  assert.equal((await edge.ams.instances.get(id)).status, 'running')
  await (await edge.ams.instances.delete(id)).wait()
})

test('the clock jumps by a day, ahead and back, while guests boot: none of them fails for it', async () => {
  assert.ok(faketime && existsSync(faketime), 'faketime is not installed')
  await using edge = await Edge.start({
    bootSeconds: 20,
    env: {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: '/dev/null',
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  })
  const clock = edge.path('clock')
  const set = (offset: string) => writeFileSync(clock, offset)
  set('+0')
  await edge.kill('SIGKILL')
  await edge.run({ FAKETIME_TIMESTAMP_FILE: clock })
  await using ams = new AmsClient({ socketPath: edge.path('state/unix.socket') })
  await edge.ams.close()
  await (await ams.images.upload('standin', String(process.env.ANBOX_TEST_GUEST))).wait()
  for (const jump of ['+1d', '-1d', '+400d', '+0']) {
    const slow = { image_id: 'standin', resources: small, user_data: '{"standin":{"boot":"slow","seconds":2}}' }
    const launching = await ams.instances.launch(slow)
    const id = made(launching, 'instances')
    await until(async () => (await ams.instances.get(id)).status === 'started')
    set(jump)
    await launching.wait()
    assert.equal((await ams.instances.get(id)).status, 'running', jump)
    await (await ams.instances.delete(id)).wait()
  }
})
