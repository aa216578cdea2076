// What a slow reader costs: 200 MB of exec output, read at leisure, in the SDK and the agent together.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from '@anbox/harness'
import { Edge, made, small } from './edge.ts'

const test = suite('agent: memory', { timeout: 120_000 })
const mib = 2 ** 20

/** Resident memory of a process in bytes (proc(5)). */
const resident = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

test('200 MB of exec output to a slow reader cost under 16 MB in SDK and agent together', async () => {
  await using edge = await Edge.start()
  const image = await edge.upload()
  const id = made(await (await edge.ams.instances.launch({ image_id: image, resources: small })).wait(), 'instances')
  // The code paths are warm before anything is measured: what is compiled and allocated once is no cost of the reader.
  const client = join(import.meta.dirname, 'slow-reader.ts')
  let peak = 0
  let base = 0
  const watch = setInterval(() => {
    peak = Math.max(peak, resident(edge.pid))
  }, 20)
  await edge.ams.instances.run(id, ['sh', '-c', 'head -c 50000000 /dev/zero >/dev/null; echo warm'])
  const run = promisify(execFile)(process.execPath, ['--expose-gc', client, edge.directory, edge.url, id], {
    env: { ...process.env, AGENT_PID: String(edge.pid) },
  })
  // The reader says when its warm-up is over; from then on the agent's growth counts too.
  run.child.stderr?.on('data', (text: Buffer) => {
    if (!text.includes('measuring')) return
    base = resident(edge.pid)
    peak = base
  })
  const { stdout } = await run
  clearInterval(watch)
  const reader = JSON.parse(stdout) as { bytes: number; grown: number }
  assert.equal(reader.bytes, 200_000_000)
  const agent = peak - base
  console.log(`\n  SDK ${(reader.grown / mib).toFixed(1)} MiB, agent ${(agent / mib).toFixed(1)} MiB`)
  assert.ok(base > 0)
  assert.ok(reader.grown + agent < 16e6, `SDK ${reader.grown} + agent ${agent} bytes`)
})
