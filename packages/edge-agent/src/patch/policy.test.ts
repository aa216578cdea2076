import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { waveDelay } from './plan.ts'
import { policyOf } from './policy.fixture.ts'
import { readPolicy } from './policy.ts'

const test = suite('patch: policy')
const read = (given: object) => readPolicy({ patch: policyOf(given) })
const hour = 3600_000

test('what is wrong with it is named, with what would be right', () => {
  for (const [given, expected] of [
    [{ kinds: ['kernels'] }, /patch\.kinds: "kernels" is none of images, applications, snaps, packages/],
    [{ windows: ['at night'] }, /patch\.windows: "at night" is no window/],
    [{ timeZone: 'Nowhere' }, /patch\.timeZone: there is no time zone "Nowhere"/],
    [{ waves: ['1'] }, /patch\.waves: "1" is no wave/],
    [{ waves: ['0:1'] }, /patch\.waves: "0:1" is no wave/],
    [{ lockUrl: 'http://lock.example' }, /patch\.lockUrl: must be an https address/],
    [{ pins: ['lxd'] }, /patch\.pins: "lxd" is not NAME=VALUE/],
    [{ snapChannels: ['lxd'] }, /patch\.snapChannels: "lxd" is not NAME=VALUE/],
    [{ instances: 'maybe' }, /patch\.instances: must be "keep" or "roll", not "maybe"/],
    [{ reboot: 'sometimes' }, /patch\.reboot: must be "no" or "yes", not "sometimes"/],
  ] as const)
    assert.throws(() => read(given), expected)
})

test('channels are said as snapd says them', () => {
  const { snapChannels } = read({ snapChannels: ['lxd=5.21', 'mesa=edge', 'core=24/beta'] })
  assert.deepEqual(Object.fromEntries(snapChannels), { lxd: '5.21/stable', mesa: 'latest/edge', core: '24/beta' })
})

test('a machine is in another wave for each patch, about as many in each as it says, and always in the same', () => {
  const policy = read({ waves: ['100:72', '1:0', '10:24'] })
  const patch = { kind: 'snaps', subject: 'lxd', to: '2', urgent: false } as const
  const delays = Array.from({ length: 10_000 }, (_, index) => waveDelay(patch, policy, `machine-${index}`))
  const count = (hours: number) => delays.filter((delay) => delay === hours * hour).length
  assert.ok(count(0) > 60 && count(0) < 150, `${count(0)} at once`)
  assert.ok(count(24) > 780 && count(24) < 1020, `${count(24)} after a day`)
  assert.equal(count(0) + count(24) + count(72), 10_000)
  assert.equal(waveDelay(patch, policy, 'machine-5'), delays[5])
  const first = delays.flatMap((delay, index) => (delay === 0 ? [index] : []))
  const again = first.filter((index) => waveDelay({ ...patch, to: '3' }, policy, `machine-${index}`) === 0)
  assert.ok(again.length < first.length / 2, 'the same machines are not first each time')
  assert.equal(waveDelay({ ...patch, urgent: true }, policy, `machine-${delays.indexOf(72 * hour)}`), 12 * hour)
  assert.equal(waveDelay(patch, read({}), 'machine-1'), 0)
})
