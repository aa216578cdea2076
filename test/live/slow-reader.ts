// The client's side of agent-memory.long.test.ts, in a process of its own: reads 100 MB to get warm, then 200 MB slowly, and
// prints the bytes it got and by how much its resident memory grew meanwhile. It collects garbage before it looks: V8 lets
// some 30 MB of dead buffers lie in a process with default flags, whoever made them, and that is not what is held.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { AmsClient } from '@anbox/sdk'

const [, , directory = '', url = '', id = ''] = process.argv
const read = (name: string) => readFileSync(`${directory}/tls/${name}`, 'utf8')
await using ams = new AmsClient({ url, certificate: read('client.crt'), key: read('client.key'), ca: read('ca.crt') })

async function readSlowly(bytes: number): Promise<{ bytes: number; peak: number }> {
  const running = await ams.instances.exec(id, { command: ['head', '-c', String(bytes), '/dev/zero'], stdin: '' })
  running.stderr.resume()
  let [got, sincePause, peak] = [0, 0, 0]
  for await (const chunk of running.stdout) {
    got += chunk.length
    sincePause += chunk.length
    if (sincePause < 2_000_000) continue
    sincePause = 0
    globalThis.gc?.()
    peak = Math.max(peak, process.memoryUsage.rss())
    await sleep(40)
  }
  await running.done
  return { bytes: got, peak }
}

await readSlowly(100_000_000)
await sleep(200)
globalThis.gc?.()
const base = process.memoryUsage.rss()
process.stderr.write('measuring\n')
const { bytes, peak } = await readSlowly(200_000_000)
console.log(JSON.stringify({ bytes, grown: Math.max(0, peak - base) }))
