// What the LXD client bears, on the real LXD: a thousand commands, a gigabyte of output, ten thousand files, two gigabytes
// in one file, and as many losses of the event socket as a day may have.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { LxdClient, OperationFailedError } from '@anbox/sdk'
import { held } from './held.ts'
import { Trial, thereAndBack } from './lxd-files.ts'
import { cuttable, Guest } from './sdk-guest.ts'

const test = suite('LXD: load', { timeout: 1_200_000 })
const guest = new Guest()
const { lxd, name } = guest
const mebibyte = 2 ** 20

test.before(() => guest.start(), { timeout: 60_000 })
test.after(() => guest[Symbol.asyncDispose](), { timeout: 60_000 })

test('1,000 commands in a row and 50 at once: each with its own output and exit code', async () => {
  const started = performance.now()
  for (let i = 0; i < 1000; i++) {
    const { exitCode, stdout } = await lxd.instances.run(name, ['sh', '-c', `echo ${i}; exit ${i % 7}`])
    assert.deepEqual([exitCode, stdout], [i % 7, `${i}\n`])
  }
  console.log(`\n  ${((performance.now() - started) / 1000).toFixed(1)} ms each`)
  const many = Array.from({ length: 50 }, (_, i) =>
    lxd.instances.run(name, ['sh', '-c', `sleep 1; echo ${i}; exit ${i}`]),
  )
  const results = await Promise.all(many)
  assert.deepEqual(
    results.map(({ exitCode, stdout }) => [exitCode, stdout]),
    results.map((_, i) => [i, `${i}\n`]),
  )
})

test('1 GB of output to a slow reader, in bounded memory', async () => {
  const size = 1000 * mebibyte
  const before = await held()
  const running = await lxd.instances.exec(name, { command: ['head', '-c', String(size), '/dev/zero'] })
  running.stderr.resume()
  let [received, sincePause, peak] = [0, 0, 0]
  for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
    received += chunk.length
    sincePause += chunk.length
    if (sincePause < 20 * mebibyte) continue
    sincePause = 0
    await sleep(100)
    peak = Math.max(peak, (await held()) - before)
  }
  assert.equal(received, size)
  assert.deepEqual(await running.done, { exitCode: 0 })
  console.log(`\n  at most ${(peak / mebibyte).toFixed(1)} MiB held`)
  assert.ok(peak < 8 * mebibyte, `${peak} bytes held`)
})

test('10,000 small files there and back', async () => {
  await using trial = await Trial.start()
  const { push, pull } = await thereAndBack(trial, 10_000)
  console.log(`\n  push ${push.toFixed(1)} s, pull ${pull.toFixed(1)} s`)
})

test('a file of 2 GB there and back, in bounded memory', async () => {
  await using trial = await Trial.start()
  const size = 2 * 2 ** 30
  const [sent, got] = [createHash('sha256'), createHash('sha256')]
  const piece = Buffer.alloc(mebibyte)
  const before = await held()
  let peak = 0
  const source = async function* () {
    for (let i = 0; i < size / mebibyte; i++) {
      piece.writeUInt32LE(i, (i * 4099) % (mebibyte - 4))
      const copy = Buffer.from(piece)
      sent.update(copy)
      yield copy
      if (i % 128 === 0) peak = Math.max(peak, (await held()) - before)
    }
  }
  const started = performance.now()
  await trial.lxd.instances.files.put('one', '/data/large', Readable.from(source(), { objectMode: false }))
  const between = performance.now()
  const file = await trial.lxd.instances.files.get('one', '/data/large')
  assert.ok(file.type === 'file')
  let [received, next] = [0, 0]
  for await (const chunk of file.stream as AsyncIterable<Buffer>) {
    got.update(chunk)
    received += chunk.length
    if (received < next) continue
    next = received + 128 * mebibyte
    peak = Math.max(peak, (await held()) - before)
  }
  assert.equal(received, size)
  assert.equal(got.digest('hex'), sent.digest('hex'))
  const speed = (from: number, to: number) => `${(size / 1e6 / ((to - from) / 1000)).toFixed(0)} MB/s`
  console.log(
    `\n  push ${speed(started, between)}, pull ${speed(between, performance.now())}, at most ${(peak / mebibyte).toFixed(1)} MiB held`,
  )
  assert.ok(peak < 32 * mebibyte, `${peak} bytes held`)
})

test('the event socket is lost 1,440 times, once for each minute of a day, while work goes on: every wait ends with the truth', async () => {
  await using way = await cuttable(guest.socketPath)
  await using client = new LxdClient({ socketPath: way.socketPath, project: guest.project })
  const { instances } = client
  await instances.run(name, ['true'])
  // Sockets take a moment to close.
  await sleep(3_000)
  const before = resources()
  let [losses, waits] = [0, 0]
  const opened = way.opened
  const stop = new AbortController()
  const losing = (async () => {
    for (; losses < 1440; losses++) {
      // Its next connection is lost when it stands, at another moment of its life each time.
      while (way.opened - opened < losses) await sleep(1)
      await sleep(losses % 40)
      way.cut()
    }
    stop.abort()
  })()
  while (!stop.signal.aborted) {
    const code = waits % 5
    assert.equal((await instances.run(name, ['sh', '-c', `exit ${code}`])).exitCode, code)
    for (const [action, status] of [
      ['freeze', 'Frozen'],
      ['unfreeze', 'Running'],
    ] as const) {
      await (await instances.setState(name, { action })).wait({ deadline: 30_000 })
      assert.equal((await instances.state(name)).status, status)
    }
    // It runs already.
    const failing = await instances.setState(name, { action: 'unfreeze' })
    await assert.rejects(failing.wait({ deadline: 30_000 }), OperationFailedError)
    waits += 1
  }
  await losing
  await instances.run(name, ['true'])
  await sleep(3_000)
  console.log(`\n  ${losses} losses, ${way.opened - opened} reconnects, ${4 * waits} waits`)
  const left = Object.entries(resources()).filter(([kind, count]) => count > (before[kind] ?? 0) + 2)
  assert.deepEqual(left, [])
})

function resources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
