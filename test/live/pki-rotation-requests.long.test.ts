// The root is changed under real servers and clients that never stop asking; on the way it is aborted and resumed, and its
// process is killed. Every phase of it, and the other kinds of rotation, are in pki-rotation.long.test.ts.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { Trial } from './rotation/trial.ts'

const test = suite('rotation across real servers', { timeout: 120_000 })
let trial: Trial

test.before(async () => {
  trial = await Trial.start()
})
test.after(() => trial?.[Symbol.asyncDispose]())

test('a new root: no request fails but at the restarts that were announced', async () => {
  await trial.begin('root', '--reissue', 'all')
  await trial.until('switch')
  await trial.go('abort')
  await trial.go('resume')
  await trial.killedUntilEnd(4)
  const table = await trial.judge()
  console.log(`\n${table}\n`)
  assert.deepEqual(trial.failures, [])
  assert.equal(trial.kills, 4)
})
