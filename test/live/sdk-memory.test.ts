// What the SDK holds in memory, in a process of its own.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { held } from './held.ts'
import { Guest } from './sdk-guest.ts'

const test = suite('memory', { timeout: 60_000 })
const guest = new Guest()
const { lxd, name } = guest

test.before(() => guest.start())
test.after(() => guest[Symbol.asyncDispose]())

test('exec: 200 MB for a slow reader cost little memory', { timeout: 120_000 }, async () => {
  const size = 200 * 2 ** 20
  const command = ['sh', '-c', 'dd if=/dev/zero bs=1048576 count=200 2>/dev/null; echo done >&2']
  await lxd.instances.run(name, ['true'])
  const { rss } = process.memoryUsage()
  const before = await held()
  const running = await lxd.instances.exec(name, { command })
  await sleep(1_000)
  let peak = await held() // Nobody has read yet: all that may wait is waiting now.
  let received = 0
  for await (const chunk of running.stdout as AsyncIterable<Buffer>) {
    received += chunk.byteLength
    if (received % (size / 64) < chunk.byteLength) {
      peak = Math.max(peak, await held())
    }
  }
  assert.equal(received, size)
  assert.equal(await text(running.stderr), 'done\n')
  assert.deepEqual(await running.done, { exitCode: 0 })
  const grown = process.memoryUsage().rss - rss
  console.log(`slow reader: at most ${mebibytes(peak - before)} MiB held, the process grew by ${mebibytes(grown)} MiB`)
  assert.ok(peak - before < 2 * 2 ** 20, `${peak - before} bytes held`)
})

test('a slow server does not make the SDK read a file ahead', async () => {
  await lxd.instances.files.put(name, '/tmp/warm', Buffer.alloc(2 ** 20))
  const before = await held()
  let made = 0
  let peak = 0
  const source = async function* () {
    for (; made < 24; made++) {
      yield Buffer.alloc(2 ** 20)
      peak = Math.max(peak, await held())
    }
  }
  await lxd.instances.files.put(name, '/tmp/large', Readable.from(source()))
  assert.equal(made, 24)
  assert.ok(peak - before < 6 * 2 ** 20, `${peak - before} bytes held`)
})

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
