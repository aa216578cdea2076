import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { instanceRecord } from '../store/record.fixture.ts'
import { allocationsOf, shareFor } from './gpus.ts'
import type { Gpu } from './machine.ts'

const test = suite('shares of GPUs')

const gpu = (id: number, fields: Partial<Gpu> = {}): Gpu => ({
  id,
  type: 'nvidia',
  pciAddress: `0000:0${id}:00.0`,
  renderName: `renderD12${8 + id}`,
  numaNode: 0,
  slots: 4,
  encoderSlots: 2,
  ...fields,
})
const holding = (id: string, share: { id: number; slots: number; encoderSlots: number }) =>
  instanceRecord({ id, status: 'running', gpu: { pci: `0000:0${share.id}:00.0`, ...share } })

test('the GPU with the most free slots carries it', () => {
  const instances = [holding('a', { id: 0, slots: 2, encoderSlots: 0 })]
  assert.deepEqual(shareFor([gpu(0), gpu(1)], instances, { slots: 1, encoder: 'software' }), {
    id: 1,
    pci: '0000:01:00.0',
    slots: 1,
    encoderSlots: 0,
  })
})

test('hardware encoding is held with its slots; preferred goes on without, demanded does not', () => {
  const instances = [holding('a', { id: 0, slots: 1, encoderSlots: 2 })]
  assert.equal((shareFor([gpu(0)], [], { slots: 2, encoder: 'gpu' }) as { encoderSlots: number }).encoderSlots, 2)
  assert.equal(
    (shareFor([gpu(0)], instances, { slots: 1, encoder: 'gpu-preferred' }) as { encoderSlots: number }).encoderSlots,
    0,
  )
  assert.match(String(shareFor([gpu(0)], instances, { slots: 1, encoder: 'gpu' })), /hardware encoding/)
})

test('a GPU that is too small, of another vendor, or cannot render carries nothing', () => {
  assert.match(String(shareFor([gpu(0)], [], { slots: 5, encoder: 'software' })), /5 slot\(s\) wanted/)
  assert.match(String(shareFor([gpu(0)], [], { slots: 1, type: 'amd', encoder: 'software' })), /no amd GPU/)
  assert.match(String(shareFor([gpu(0, { type: 'none' })], [], { slots: 1, encoder: 'software' })), /no GPU/)
})

test('what has stopped or failed holds nothing of it', () => {
  const share = { id: 0, pci: 'x', slots: 4, encoderSlots: 2 }
  const stopped = instanceRecord({ id: 'a', goal: 'stopped', status: 'stopped', gpu: share })
  assert.deepEqual(allocationsOf(gpu(0), [stopped]), {})
  assert.notEqual(typeof shareFor([gpu(0)], [stopped], { slots: 4, encoder: 'software' }), 'string')
})
