// The agent killed with SIGKILL at random moments during launches and deletes, and started again each time.
// Afterwards every record has exactly one LXD instance or none as it should, and every operation has ended.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { AnboxError, NotFoundError, type Operation } from '@anbox/sdk'
import { Edge, made, small, until } from '../live/edge.ts'
import { randomNumbers } from '../random.ts'

/** Instances at once: enough for the steps of several to interleave. */
const most = 6
export const seed = Number(process.env.ANBOX_TEST_SEED ?? Date.now() % 1e6)

export async function killed(kills: number): Promise<void> {
  const random = randomNumbers(seed)
  await using edge = await Edge.start({ bootSeconds: 30 })
  const image = await edge.upload()
  const accepted = new Map<string, 'kept' | 'deleted'>()
  const operations: string[] = []

  // A request whose answer was cut off may have been accepted or not; what was answered counts.
  const cutOff = new Set<string>()
  const ask = async (request: Promise<Operation>): Promise<Operation | undefined> => {
    try {
      const operation = await request
      operations.push(operation.id)
      return operation
    } catch (error) {
      assert.ok(
        error instanceof AnboxError && (error.status === undefined || error.status === 503),
        `refused: ${error}`,
      )
      return undefined
    }
  }
  const work = async () => {
    const living = [...accepted].filter(([, state]) => state === 'kept').map(([id]) => id)
    const [victim] = living
    if (victim && (living.length >= most || random() < 0.4)) {
      accepted.set(victim, 'deleted')
      // Said again after the restart when the answer was lost: deleting is what is wanted. It may have been done since.
      const again = cutOff.has(victim)
      const deleting = edge.ams.instances.delete(victim).catch((error) => {
        if (again && error instanceof NotFoundError) return 'gone' as const
        throw error
      })
      if ((await deleting.catch(() => undefined)) === 'gone') return
      if (await ask(deleting as Promise<Operation>)) return
      cutOff.add(victim)
      accepted.set(victim, 'kept')
      return
    }
    const operation = await ask(
      edge.ams.instances.launch({ image_id: image, resources: small, user_data: random() < 0.5 ? 'x' : '' }),
    )
    if (operation) accepted.set(made(operation, 'instances'), 'kept')
  }

  for (let kill = 0; kill < kills; kill += 1) {
    const moment = sleep(random() * 900)
    const requests = Promise.all(Array.from({ length: 1 + Math.floor(random() * 3) }, work))
    await moment
    await edge.kill('SIGKILL')
    await requests
    await edge.run()
  }

  for (const id of operations) {
    await until(async () => {
      const { statusCode } = await edge.ams.operations.get(id)
      return statusCode >= 200
    })
  }
  // A request that was accepted without an answer is settled too.
  await until(async () =>
    (await edge.ams.instances.list()).every(({ status }) => status === 'running' || status === 'error'),
  )
  const records = await edge.ams.instances.list()
  const lxd = await edge.lxd.instances.list()
  assert.deepEqual(lxd.map(({ name }) => name).sort(), records.map(({ id }) => `ams-${id}`).sort())
  assert.ok(lxd.every(({ status }) => status === 'Running'))
  for (const record of records) assert.equal(record.status, 'running', `${record.id}: ${record.error_message}`)
  for (const [id, state] of accepted) {
    assert.equal(
      records.some((record) => record.id === id),
      state === 'kept',
      `${id} should be ${state}`,
    )
  }
  // Those that lost their answer: at most as many as requests were cut off, and each whole.
  assert.ok(operations.length > kills / 2, `only ${operations.length} requests were answered`)
  for (const { id } of records)
    assert.equal((await edge.ams.instances.run(id, ['getprop', 'sys.boot_completed'])).stdout.trim(), '1')
  console.log(`\n  ${kills} kills, ${operations.length} operations, ${records.length} instances at the end`)
}
