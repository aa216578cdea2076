// What this process holds in memory.
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/**
 * Bytes in use, without what only waits for the garbage collector: Node 24 lets tens of MB of used-up buffers wait unless
 * it is told to be sparing (`--max-heap-size`).
 */
export async function held(): Promise<number> {
  // Twice: a collection that was under way keeps what died meanwhile; and buffers are freed by another thread.
  for (let i = 0; i < 2; i++) {
    collect()
    await sleep(5)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
