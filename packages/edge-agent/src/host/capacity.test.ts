import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { instanceRecord } from '../store/record.fixture.ts'
import { lacks, reserved } from './capacity.ts'
import { isOwnRange } from './id-map.ts'
import { allocatePorts } from './ports.ts'

const test = suite('capacity')
const gib = 2 ** 30
const machine = { cpus: 2, memory: 4 * gib, disk: 20 * gib, diskFree: 19 * gib, gpuSlots: 2 }
const rates = { cpuAllocationRate: 4, memoryAllocationRate: 2 }
const amounts = { cpus: 2, memory: 2 * gib, disk: 5 * gib, gpuSlots: 1 }
const of = (fields: object) => instanceRecord({ amounts, ...fields })

test('a failed or stopped instance holds its disk and nothing else', () => {
  for (const status of ['error', 'stopped'] as const) {
    assert.deepEqual(reserved([of({ status, goal: 'stopped' })]), { cpus: 0, memory: 0, disk: 5 * gib, gpuSlots: 0 })
  }
})

test('one that is being made, booting, running, failing or removed holds all it asked for', () => {
  for (const fields of [
    {},
    { status: 'started' },
    { status: 'running' },
    { status: 'started', failing: 'x', goal: 'stopped' },
    { status: 'running', goal: 'deleted' },
    { status: 'stopped', goal: 'running' },
  ]) {
    assert.deepEqual(reserved([of(fields)]), amounts)
  }
})

test('CPU and memory may be given out more than once, at their rates; disk and GPU slots may not', () => {
  const some = [of({}), of({})]
  assert.equal(lacks(machine, rates, some.slice(1), amounts, true), undefined)
  assert.match(lacks(machine, rates, some, amounts, true) ?? '', /^GPU slots: 1 wanted, 0 free of 2$/)
  const noGpu = { ...amounts, gpuSlots: 0 }
  assert.match(
    lacks(machine, rates, [of({}), of({}), of({})], { ...noGpu, cpus: 3 }, true) ?? '',
    /^CPUs: 3 wanted, 2 free of 8$/,
  )
  assert.match(lacks(machine, rates, [of({}), of({}), of({}), of({})], noGpu, true) ?? '', /memory.*disk/)
})

test('a disk that is nearly full takes nothing new, whatever was reserved', () => {
  assert.match(lacks({ ...machine, diskFree: gib / 2 }, rates, [], amounts, true) ?? '', /5%/)
  assert.equal(lacks({ ...machine, diskFree: gib / 2 }, rates, [], amounts, false), undefined)
})

test('ports of the machine: none twice, none that is in use, ranges in a row', () => {
  const first = allocatePorts(
    [
      { name: 'adb', port: 5559 },
      { name: 'web', port: 80, port_end: 83 },
    ],
    [],
    new Set([10_001]),
  )
  assert.deepEqual(
    first.map(({ port, nodePort, nodePortEnd }) => [port, nodePort, nodePortEnd]),
    [
      [5559, 10_000, 10_000],
      [80, 10_002, 10_005],
    ],
  )
  const [second] = allocatePorts([{ name: 'adb', port: 5559 }], [of({ services: first })], new Set())
  assert.equal(second?.nodePort, 10_001)
})

test('services that cannot be are refused with their name', () => {
  for (const [spec, message] of [
    [[{ name: 'web', port: 0 }], /"web" needs a port/],
    [[{ name: 'a/b', port: 1 }], /a\/b/],
    [[{ name: 'x', port: 5, port_end: 4 }], /before its first port/],
    [[{ name: 'x', port: 5, protocols: ['sctp'] }], /sctp/],
    [
      [
        { name: 'adb', port: 1 },
        { name: 'adb', port: 1 },
      ],
      /twice/,
    ],
    [[{ name: 'all', port: 1, port_end: 2000 }], /no 2000 free port/],
  ] as const) {
    assert.throws(
      () =>
        allocatePorts(
          spec.map((one) => ({ ...one, protocols: 'protocols' in one ? [...one.protocols] : null })),
          [],
          new Set(),
        ),
      message,
    )
  }
})

test('an id map is its own only where no other reaches into it, and inside the range of subordinate ids', () => {
  const others = [{ idBase: 165_536 }, {}]
  assert.ok(isOwnRange(231_072, others))
  for (const base of [0, 65_536, 165_536, 131_072, 200_000, Number.NaN])
    assert.ok(!isOwnRange(base, others), String(base))
})
