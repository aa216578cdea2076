// Rotations whose process is killed at random moments; another process goes on each time.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RotationMissingError } from '../src/errors.ts'
import { openRotation, planRotation } from '../src/rotation/begin.ts'
import type { Subject } from '../src/rotation/plan.ts'
import type { Rotation } from '../src/rotation/rotation.ts'
import type { Status } from '../src/rotation/status.ts'
import { Deployment } from './deployment.ts'

const subjects: [Subject, reissue: 'all' | []][] = [
  [{ kind: 'root' }, 'all'],
  [{ kind: 'intermediate', purpose: 'control', revoke: true }, []],
  [{ kind: 'leaf', consumer: 'ops', revoke: true }, []],
  [{ kind: 'secret', secret: 'turn' }, []],
]
const turns = ['abort', 'resume'] as const

/**
 * Kills processes that begin, go on, turn back and finish.
 * @returns how many died at their work, and in which phases
 */
export async function killRotations(directory: string, kills: number): Promise<{ died: number; stages: Set<string> }> {
  const deployment = await Deployment.make(mkdtempSync(join(directory, 'kills-')))
  const worker = writeWorker(directory)
  const stages = new Set<string>()
  const usual = new Map<string, number>()
  let died = 0
  for (let round = 0; died < kills; round += 1) {
    const [subject, reissue] = subjects[round % subjects.length] ?? [{ kind: 'root' }, []]
    const plan = planRotation(subject, deployment.consumers, { reissue })
    const rotation = openRotation(deployment.pki, { secrets: deployment.secrets })
    let status: Status | undefined
    do {
      const [first = 'next'] = turns.filter(() => status !== undefined && Math.random() < 0.15)
      const act = status === undefined ? 'begin' : first
      const stage = `${subject.kind} ${act === 'begin' ? '' : status?.next} ${act}`
      const limit = died < kills ? Math.random() * (usual.get(stage) ?? 150) * 1.2 : undefined
      const took = await work(worker, { pki: deployment.pki, act, plan }, limit)
      if (took === undefined) {
        died += 1
        stages.add(stage)
        // It may take longer than was guessed: on a busy machine every kill would fall into the first stages otherwise.
        usual.set(stage, Math.max(usual.get(stage) ?? 0, (limit ?? 0) * 2))
      } else usual.set(stage, took)
      status = await goOn(rotation, deployment, act === 'begin')
    } while (status !== undefined)
    assert.deepEqual(await deployment.broken(), [])
  }
  return { died, stages }
}

/** What somebody does who finds it so: everything is made as it should be, everybody reads, everybody acknowledges. */
async function goOn(rotation: Rotation, deployment: Deployment, begun: boolean): Promise<Status | undefined> {
  assert.deepEqual(await deployment.broken(), [], 'right after the kill')
  let status: Status
  try {
    status = await rotation.repeat()
  } catch (error) {
    if (!(error instanceof RotationMissingError)) throw error
    // It was over, or had not begun.
    for (const peer of deployment.peers.values()) peer.load()
    if (begun) assert.deepEqual(await deployment.broken(), [])
    return undefined
  }
  if (status.ended) return undefined
  for (const peer of deployment.peers.values()) {
    peer.load()
    assert.deepEqual(
      await deployment.broken(),
      [],
      `${status.stage} ${status.direction}, ${peer.consumer.name} has read`,
    )
  }
  for (const { name, acknowledged } of status.consumers)
    if (!acknowledged) await rotation.acknowledge(name, status.step)
  return status
}

type Task = { pki: string; act: 'begin' | 'next' | 'abort' | 'resume'; plan: unknown }

/** Milliseconds that it took, unless it was killed before its end. */
async function work(worker: string, task: Task, milliseconds?: number): Promise<number | undefined> {
  const child: ChildProcess = fork(worker, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  await once(child, 'message')
  const ended = once(child, 'exit')
  const started = performance.now()
  let took: number | undefined
  let failed: string | undefined
  child.once('message', (message: { failed?: string }) => {
    took = performance.now() - started
    failed = message.failed
  })
  child.send(task)
  if (milliseconds !== undefined) {
    await Promise.race([sleep(milliseconds), ended])
    child.kill('SIGKILL')
  }
  await ended
  assert.equal(failed, undefined)
  return took
}

/** Loads everything first, so that the kills fall on the work and not on the start of Node. */
function writeWorker(directory: string): string {
  const path = join(directory, 'worker.mjs')
  const source = (file: string) => JSON.stringify(join(import.meta.dirname, '../src', file))
  writeFileSync(
    path,
    `import { openRotation } from ${source('rotation/begin.ts')}
     import { openSecretStore } from ${source('secrets/store.ts')}
     import { copyCertificate } from ${source('rotation/copy.ts')}
     await copyCertificate({}).catch(() => {})
     process.once('message', async ({ pki, act, plan }) => {
       const secrets = await openSecretStore(pki + '/secrets', { key: { file: pki + '/secrets/key' } })
       const rotation = openRotation(pki, { secrets })
       const refused = ['rotation_missing', 'rotation_conflict']
       const say = (message) => process.send(message, () => process.disconnect())
       await rotation[act](...(act === 'begin' ? [plan] : [])).then(
         () => say({}),
         (error) => say(refused.includes(error.code) ? {} : { failed: String(error.stack) }))
     })
     process.send('ready')`,
  )
  return path
}
