import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, bootPauses, type Orders, pace, type Target, type Work } from './orders.ts'

/** Reads the target from the first line and orders from the others, and answers each with a line. */
export async function serve(open: (target: Target) => Promise<Work> | Work): Promise<void> {
  const lines = createInterface({ input: process.stdin })
  let work: Work | undefined
  for await (const line of lines) {
    let answer: Answer
    try {
      const order = JSON.parse(line) as { do: keyof Orders; times: number; with: never } | Target
      if ('server' in order) {
        work = await open(order)
        answer = { milliseconds: [] }
      } else {
        const act = work?.[order.do]
        if (!act) throw new Error(`this driver cannot ${order.do}`)
        const milliseconds: number[] = []
        for (let time = 0; time < order.times; time++) milliseconds.push(await act(order.with))
        answer = { milliseconds }
      }
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
  process.exit(0)
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Reads everything, at the pace of a slow reader where asked for, and checks how much it was. */
export async function count(stream: AsyncIterable<Uint8Array>, bytes: number, slow = false): Promise<void> {
  let seen = 0
  let sinceRest = 0
  for await (const { byteLength } of stream) {
    seen += byteLength
    sinceRest += byteLength
    if (!slow || sinceRest < pace.bytes) continue
    sinceRest = 0
    await sleep(pace.milliseconds)
  }
  if (seen !== bytes) throw new Error(`${seen} bytes came in place of ${bytes}`)
}

export async function untilBooted(check: () => Promise<boolean>): Promise<void> {
  for (let look = 0; !(await check()); look++) {
    if (look > 200) throw new Error('the guest did not boot')
    await sleep(bootPauses[look] ?? bootPauses.at(-1))
  }
}
