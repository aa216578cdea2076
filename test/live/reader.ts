// Reads from an agent so many times a second until its input ends, and prints how long each took, ms, as JSON. A process of its
// own, as it stands for another machine.
// Arguments: the agent's unix socket, reads a second.
import { setTimeout as sleep } from 'node:timers/promises'
import { AmsClient } from '@anbox/sdk'

const [socketPath = '', rate = '1'] = process.argv.slice(2)
await using ams = new AmsClient({ socketPath })
const reads = [
  () => ams.nodes.get('box'),
  () => ams.service.get(),
  () => ams.images.list(),
  () => ams.instances.page({ limit: 20 }),
]
const times: number[] = []
const under = new Set<Promise<void>>()
let ended = false
process.stdin.resume().on('end', () => {
  ended = true
})
const begin = performance.now()
for (let count = 0; !ended; count += 1) {
  const start = performance.now()
  const one = Promise.resolve(reads[count % reads.length]?.()).then(() => {
    times.push(performance.now() - start)
    under.delete(one)
  })
  under.add(one)
  await sleep(Math.max(0, begin + ((count + 1) * 1000) / Number(rate) - performance.now()))
}
await Promise.all(under)
process.stdout.write(JSON.stringify(times))
