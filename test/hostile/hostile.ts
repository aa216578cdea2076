// Hostile requests and uploads through a real agent: it lives, answers each with a sentence, and keeps to its place.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { ask } from '../conformance/server.ts'
import { Edge } from '../live/edge.ts'
import { noting, tarBz2 } from '../live/package.ts'
import { randomNumbers } from '../random.ts'
import { hostileArchives } from './archives.ts'
import { mutated, type Wanted } from './mutations.ts'

export const seed = Number(process.env.ANBOX_TEST_SEED ?? Date.now() % 1e6)
/** MiB that the agent may hold at its most. */
const mostMemory = 400
const workers = 8

const residentMiB = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** @param uploads archives sent, besides mutated ones. */
export async function hostile(requests: number, uploads: number): Promise<void> {
  await using edge = await Edge.start({ bootSeconds: 20 })
  const socketPath = edge.path('state/unix.socket')
  const outside = `/tmp/escaped-${randomBytes(6).toString('hex')}`
  await edge.upload()
  writeFileSync(edge.path('noter'), tarBz2({ 'manifest.yaml': 'name: noter\n', 'hooks/pre-start': noting('x') }))
  await (await edge.ams.addons.add('noter', edge.path('noter'))).wait()
  // What is right by chance is not to be carried out 50,000 times.
  await (await edge.ams.nodes.update('box', { unschedulable: true })).wait()
  const place = () => readdirSync(edge.directory).sort()
  const [before, pid] = [place(), edge.pid]
  const random = randomNumbers(seed)
  const counts = new Map<number, number>()
  let peak = 0

  const send = async ({ method, path, headers, body }: Wanted, what = `${method} ${path}`) => {
    const answer = await ask(socketPath, method, path, { headers, ...(body && { bytes: body }) }).catch(
      (error: Error) => {
        throw new Error(`${what}: ${error.message}`, { cause: error })
      },
    )
    const { status, json, text } = answer
    counts.set(status, (counts.get(status) ?? 0) + 1)
    const said = `${what} → ${status} ${text.slice(0, 300)}`
    assert.ok(status < 500 || status === 501 || status === 503, said)
    if (status < 400 || method === 'HEAD') return status
    assert.equal(json?.type, 'error', said)
    assert.equal(json?.error_code, status, said)
    assert.match(json?.error ?? '', /\w+ \w+/, said)
    return status
  }
  const many = async (count: number, work: (index: number) => Promise<unknown>) => {
    let next = 0
    const worker = async () => {
      while (next < count) {
        const index = next++
        await work(index)
        if (index % 100 === 0) peak = Math.max(peak, residentMiB(pid))
      }
    }
    await Promise.all(Array.from({ length: workers }, worker))
  }

  await many(requests, () => send(mutated(random)))
  // Whatever a mutation made of the node, nothing is launched from here on.
  await (await edge.ams.nodes.update('box', { unschedulable: true })).wait()
  const archives = Object.entries(hostileArchives(outside))
  const headers = { 'content-type': 'application/octet-stream' }
  await many(uploads, async (index) => {
    const [what, bytes] = archives[index % archives.length] ?? ['', Buffer.alloc(0)]
    const body = index < archives.length ? bytes : flipped(bytes, random)
    const path = index % 2 === 0 ? '/1.0/applications' : '/1.0/addons'
    const status = await send(
      { method: 'POST', path, headers: { ...headers, 'x-ams-request': '{"name":"hostile"}' }, body },
      what,
    )
    if (index < archives.length) assert.ok(status === 400, `${what} → ${status}`)
  })

  assert.equal(edge.pid, pid, 'it was not restarted')
  process.kill(pid, 0)
  assert.deepEqual(place(), before, 'nothing beside its place')
  assert.ok(!existsSync(outside) && !existsSync('/tmp/escaped'), 'nothing outside')
  assert.deepEqual(readdirSync(edge.path('state/spool')), [], 'nothing left of what was refused')
  assert.ok(peak < mostMemory, `the agent held ${peak.toFixed(0)} MiB`)
  assert.equal((await edge.ams.nodes.get('box')).status, 'online')
  const shown = [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  console.log(`\n  ${requests} requests, ${uploads} uploads (${shown.join(', ')}); at most ${peak.toFixed(0)} MiB`)
}

function flipped(bytes: Uint8Array, random: () => number): Buffer {
  const copy = Buffer.from(bytes.subarray(0, 200_000))
  for (let count = 0; count < 3 && copy.length > 4; count++)
    copy[4 + Math.floor(random() * (copy.length - 4))] = Math.floor(random() * 256)
  return copy
}
