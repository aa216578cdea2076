import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import type { Health } from '../store/patch-records.ts'
import { newFaults } from './health.ts'

const test = suite('patch: health')
const healthy: Health = { lxd: true, gpus: 2, diskFree: 0.5, bootMilliseconds: 1000, running: [] }
const faults = (before: object, after: object) => newFaults({ ...healthy, ...before }, { ...healthy, ...after }, 1.5)

test('each fact that is worse than before is a fault, and says how it is now', () => {
  for (const [after, expected] of [
    [{}, []],
    [{ lxd: false }, ['LXD does not answer']],
    [{ apiProblem: 'time-out' }, ["the agent's API does not answer: time-out"]],
    [{ gpus: 1 }, ['1 of 2 GPUs are gone']],
    [{ diskFree: 0.01 }, ['less than 5% of the storage pool is free']],
    [{ bootMilliseconds: undefined, bootProblem: 'it hangs' }, ['no guest boots: it hangs']],
    [{ bootMilliseconds: 1900 }, []],
    [{ bootMilliseconds: 2100 }, ['a guest takes 2100 ms to boot, and took 1000 ms before']],
  ] as const)
    assert.deepEqual(faults({}, after), expected)
})

test('a guest may take half as long again, and a second longer at any rate', () => {
  const slow = (before: number, after: number) =>
    faults({ bootMilliseconds: before }, { bootMilliseconds: after }).length
  assert.deepEqual([slow(400, 1300), slow(400, 1500), slow(20_000, 29_000), slow(20_000, 31_000)], [0, 1, 0, 1])
})

test('what was bad before is no fault of the patch', () => {
  const bad = {
    ...{ lxd: false, apiProblem: 'refused', gpus: 0, diskFree: 0.01 },
    ...{ bootMilliseconds: undefined, bootProblem: 'it hangs' },
  }
  assert.deepEqual(faults(bad, bad), [])
  assert.deepEqual(faults(bad, healthy), [])
})
