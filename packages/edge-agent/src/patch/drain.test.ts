import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import type { Host } from '../host/host.ts'
import type { PatchRecord } from '../store/patch-records.ts'
import { instanceRecord } from '../store/record.fixture.ts'
import { drain, drainReason, undrain } from './drain.ts'
import { memoryStore } from './memory-store.fixture.ts'

const test = suite('patch: draining')
const never = new AbortController().signal

/** A host that brings each instance to its goal at once. */
function machine() {
  const store = memoryStore()
  const wake = (id: string) =>
    setTimeout(() => store.instances.change(id, (one) => ({ ...one, status: one.goal as 'running' | 'stopped' })), 5)
  store.patches.put({ id: 'packages/kernel', title: 'a kernel', drained: [] } as unknown as PatchRecord)
  const add = (id: string, goal: 'running' | 'stopped') =>
    store.instances.put(instanceRecord({ id, goal, status: goal }))
  return { store, add, parts: { store, host: { wake } as unknown as Host } }
}
const goals = ({ store }: ReturnType<typeof machine>) => store.instances.list().map(({ id, goal }) => `${id} ${goal}`)

test('nothing is launched meanwhile; what still runs is stopped and started again, what was stopped stays so', async () => {
  const one = machine()
  one.add('a', 'running')
  one.add('b', 'stopped')
  assert.match(drainReason(one.store) ?? '', /being patched \(a kernel\)/)
  await drain(one.parts, 'packages/kernel', 0, never)
  assert.deepEqual(goals(one), ['a stopped', 'b stopped'])
  assert.deepEqual(one.store.patches.get('packages/kernel')?.drained, ['a'])
  undrain(one.parts, 'packages/kernel')
  assert.deepEqual(goals(one), ['a running', 'b stopped'])
  assert.equal(drainReason(one.store), undefined)
})

test('what ends by itself in time is not stopped, nor started again', async () => {
  const one = machine()
  one.add('a', 'running')
  setTimeout(() => one.store.instances.change('a', (now) => ({ ...now, goal: 'stopped', status: 'stopped' })), 50)
  await drain(one.parts, 'packages/kernel', 60_000, never)
  assert.deepEqual(one.store.patches.get('packages/kernel')?.drained, [])
})

test('cut off after some were stopped, all of them are started again', async () => {
  const one = machine()
  one.add('a', 'running')
  await drain(one.parts, 'packages/kernel', 0, never)
  one.add('c', 'running')
  await drain(one.parts, 'packages/kernel', 0, never)
  assert.deepEqual(one.store.patches.get('packages/kernel')?.drained, ['a', 'c'])
})
