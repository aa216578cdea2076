import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import type { Health, PatchState } from '../store/patch-records.ts'
import { NotNow, PatchFailed } from './kind.ts'
import { day, hour, offer, SimulatedMachine, start, type World } from './machine.fixture.ts'
import { renderPatches } from './render.ts'

const test = suite('patch: engine')
const world = (first = offer('1')): World & { now: number } => ({ now: start, newest: () => first })
const windows = ['02:00-04:00']

/** Rounds until nothing more is to be done now. */
async function settle({ patching }: SimulatedMachine): Promise<number> {
  for (let rounds = 0; rounds < 50; rounds += 1) {
    const pause = await patching.round()
    if (pause > 0) return pause
  }
  throw new Error('it does not come to rest')
}
const states = ({ patching }: SimulatedMachine) => patching.patches.list().map(({ state }) => state)
const ends = ({ patching }: SimulatedMachine) =>
  patching.patches.ends().map(({ to, outcome, reason }) => `${to} ${outcome}${reason && `: ${reason}`}`)

test('a patch is fetched before the window, waits for it, and goes in', async () => {
  const time = world()
  const machine = new SimulatedMachine(time, 'one', { windows })
  const pause = await settle(machine)
  assert.deepEqual([states(machine), machine.version, pause], [['ready'], '0', 2 * hour])
  const [view] = renderPatches(machine.patching).patches
  assert.deepEqual(
    [view?.next, view?.next_at, view?.reason],
    ['apply', '2026-03-20T02:00:00.000Z', 'outside of the windows'],
  )
  time.now += 2 * hour
  await settle(machine)
  assert.deepEqual([machine.version, ends(machine)], ['1', ['1 applied']])
})

test('a security patch does not wait for the window, a held one does not go in, and what is forced does', async () => {
  const urgent = new SimulatedMachine(world(offer('1', { urgent: true })), 'one', { windows })
  await settle(urgent)
  assert.equal(urgent.version, '1')
  const held = new SimulatedMachine(world(offer('1', { urgent: true })), 'one', {})
  held.patching.hold('snaps/lxd', start + day, 'not today')
  await settle(held)
  assert.deepEqual([held.version, renderPatches(held.patching).patches[0]?.reason], ['0', 'held: not today'])
  held.patching.apply('snaps/lxd')
  await settle(held)
  assert.equal(held.version, '1')
})

test('a hold ends by itself, and none keeps a patch out longer than the policy allows', async () => {
  const time = world()
  const machine = new SimulatedMachine(time, 'one', { maximumDeferralDays: 3 })
  machine.patching.hold('', start + day, '')
  await settle(machine)
  time.now += day + 1
  await settle(machine)
  assert.equal(machine.version, '1')
  time.newest = () => offer('2')
  machine.patching.hold('snaps', start + 300 * day, 'forever')
  time.now += 7 * hour
  await settle(machine)
  assert.equal(machine.version, '1')
  time.now += 3 * day
  await settle(machine)
  assert.deepEqual([machine.version, ends(machine)], ['2', ['2 applied', '1 applied']])
})

test('what was taken back is not tried again, its successor is, and it is when somebody says so', async () => {
  const time = world(offer('bad', { bad: true }))
  const machine = new SimulatedMachine(time, 'one')
  await settle(machine)
  for (let look = 0; look < 5; look += 1) {
    time.now += 8 * hour
    await settle(machine)
  }
  assert.deepEqual([machine.tried, machine.version, ends(machine)], [['bad'], '0', ['bad reverted: it does not work']])
  const offered = time.newest
  time.newest = () => offer('good')
  time.now += 8 * hour
  await settle(machine)
  assert.deepEqual([machine.tried, machine.version], [['bad', 'good'], 'good'])
  machine.version = '0'
  time.newest = offered
  machine.patching.patches.forgive('snaps/lxd')
  time.now += 8 * hour
  await settle(machine)
  assert.deepEqual(machine.tried, ['bad', 'good', 'bad'])
})

test('a pinned subject takes no other version', async () => {
  const machine = new SimulatedMachine(world(offer('2')), 'one', { pins: ['snaps/lxd=1'] })
  await settle(machine)
  assert.deepEqual([states(machine), machine.version], [[], '0'])
})

test('a newer version takes the place of one that waits, and does not wait longer for it', async () => {
  const time = world()
  const machine = new SimulatedMachine(time, 'one', { windows: ['Sun 02:00-03:00'], maximumDeferralDays: 1 })
  await settle(machine)
  time.newest = () => offer('2')
  time.now += 12 * hour
  await settle(machine)
  assert.deepEqual(
    machine.patching.patches.list().map(({ to, offeredAt }) => [to, offeredAt]),
    [['2', start]],
  )
  time.now = start + day
  await settle(machine)
  assert.equal(machine.version, '2')
})

test('a new fault takes it back, an old one does not', async () => {
  const faulty: Health = { lxd: true, gpus: 1, diskFree: 0.01, running: [], bootMilliseconds: 3000 }
  const measured: Health[] = []
  const health = { measure: async () => measured.shift() ?? faulty }
  const old = new SimulatedMachine(world(), 'one', { graceSeconds: 1 }, { health })
  await settle(old)
  assert.deepEqual(ends(old), ['1 applied'])
  measured.push({ ...faulty, gpus: 2 })
  const fresh = new SimulatedMachine(world(), 'one', { graceSeconds: 1 }, { health })
  await settle(fresh)
  assert.deepEqual([fresh.version, ends(fresh)], ['0', ['1 reverted: 1 of 2 GPUs are gone']])
  measured.push({ ...faulty, bootMilliseconds: 600 })
  const slow = new SimulatedMachine(world(), 'one', { graceSeconds: 1 }, { health })
  await settle(slow)
  assert.deepEqual(ends(slow), ['1 reverted: a guest takes 3000 ms to boot, and took 600 ms before'])
})

test("a fleet's lock that refuses is obeyed; one that is away is not, once the patch has waited long enough", async () => {
  for (const [answer, expected] of [
    [{ refused: 'no place' }, '0'],
    [{ unreachable: 'connection refused' }, '1'],
  ] as const) {
    const time = world()
    const lock = { lock: async () => answer, release: async () => 'granted' as const }
    const machine = new SimulatedMachine(time, 'one', { maximumDeferralDays: 2 }, { lock })
    await settle(machine)
    assert.deepEqual([machine.version, states(machine)], ['0', ['ready']])
    for (let look = 0; look < 12; look += 1) {
      time.now += 6 * hour
      await settle(machine)
    }
    assert.equal(machine.version, expected)
  }
})

test('what cannot go in now waits and is tried again; what cannot be asked is told and changes nothing', async () => {
  const time = world()
  const machine = new SimulatedMachine(time, 'one')
  machine.failApply.push(new NotNow('the store is away'), new NotNow('the store is away'))
  const pause = await settle(machine)
  assert.deepEqual([states(machine), pause], [['ready'], 2000])
  assert.match(machine.patching.patches.list()[0]?.lastError ?? '', /the store is away/)
  time.now += pause
  const longer = await settle(machine)
  assert.equal(longer, 4000, 'each pause is longer')
  time.now += longer
  await settle(machine)
  assert.deepEqual([machine.version, machine.tried.length], ['1', 3])
  time.newest = () => {
    throw new Error('no answer')
  }
  time.now += 8 * hour
  await settle(machine)
  assert.deepEqual([...machine.patching.problems], [['snaps', 'no answer']])
})

test('whoever dies before, in or after any state: the next agent brings the patch to the end that it would have had', async () => {
  const all: PatchState[] = [
    'pending',
    'fetching',
    'draining',
    'measuring',
    'applying',
    'checking',
    'committing',
    'reverting',
  ]
  let cuts = 0
  for (const state of all)
    for (const when of ['unwritten', 'written', 'worked'] as const)
      for (const bad of [false, true]) {
        const time = world(offer('1'))
        let machine = new SimulatedMachine(time, 'one', { graceSeconds: 0 })
        machine.disturbs = true
        if (bad) machine.faulty = true
        machine.cutAt = { state, when }
        let cut = false
        for (let rounds = 0; rounds < 60; rounds += 1) {
          const pause = await Promise.race([machine.patching.round().catch(() => 0), machine.death])
          if (pause === 'dead') {
            cut = true
            machine = machine.after()
            continue
          }
          if (pause > 0 && machine.patching.patches.list().length === 0) break
          time.now += pause
        }
        if (cut) cuts += 1
        const said = `${state}, ${when}, ${bad ? 'bad' : 'good'}${cut ? '' : ', not cut'}`
        assert.deepEqual(
          [machine.version, ends(machine), machine.store.patches.list()],
          bad ? ['0', ['1 reverted: a fault'], []] : ['1', ['1 applied'], []],
          said,
        )
      }
  assert.ok(cuts >= 30, `cut ${cuts} times only`)
})

test('a lock server that is away when its place is to be given back is asked again, and keeps no patch waiting', async () => {
  const time = world()
  let there = false
  const released: string[] = []
  const lock = {
    lock: async () => 'granted' as const,
    release: async () => {
      released.push(String(there))
      return there ? ('granted' as const) : { unreachable: 'no answer' }
    },
  }
  const machine = new SimulatedMachine(time, 'one', {}, { lock })
  assert.equal(await settle(machine), 60_000)
  assert.deepEqual([machine.version, released], ['1', ['false']])
  time.newest = () => offer('2')
  time.now += 8 * hour
  await settle(machine)
  assert.equal(machine.version, '2')
  there = true
  await settle(machine)
  await settle(machine)
  assert.deepEqual(released.slice(-2), ['false', 'true'])
})

test('a kind that is not wanted any more: what waits goes, what is under way comes to its end', async () => {
  const time = world()
  const waiting = new SimulatedMachine(time, 'one', { windows })
  await settle(waiting)
  assert.deepEqual(states(waiting), ['ready'])
  const unwanted = new SimulatedMachine(time, 'one', { windows, kinds: [] }, {}, waiting.store)
  unwanted.patching.check()
  await settle(unwanted)
  assert.deepEqual([states(unwanted), unwanted.version], [[], '0'])
  const going = new SimulatedMachine(time, 'one')
  going.patching.check()
  while (states(going)[0] !== 'checking') await going.patching.round()
  const after = new SimulatedMachine(time, 'one', { kinds: [] }, {}, going.store)
  await settle(after)
  assert.deepEqual(ends(after), ['1 applied'])
})

test('a hold of nothing that there is, is refused', () => {
  const { patching } = new SimulatedMachine(world(), 'one')
  for (const what of ['snap', 'lxd', 'snaps/'])
    assert.throws(() => patching.hold(what, start + day, ''), /nothing to hold/)
  for (const what of ['', 'snaps', 'snaps/lxd']) patching.hold(what, start + day, '')
})

test('a patch that fails in ways that pass for too long is taken back', async () => {
  const time = world()
  const machine = new SimulatedMachine(time, 'one')
  for (let count = 0; count < 100; count += 1) machine.failApply.push(new Error('busy'))
  for (let look = 0; look < 100 && ends(machine).length === 0; look += 1) time.now += await settle(machine)
  assert.deepEqual([machine.version, ends(machine)], ['0', ['1 reverted: busy']])
  machine.failApply.splice(0)
  assert.ok(new PatchFailed('x') instanceof Error)
})
