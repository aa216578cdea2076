// Ten thousand machines and a bad patch: the real engine and planner on each, with a clock that is set.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { day, live, offer, SimulatedMachine, start, type World } from './machine.fixture.ts'

const test = suite('patch: a simulated fleet', { timeout: 600_000 })

test('a fleet of 10,000 with a bad patch: it stops within the first wave, and a good one goes on from there', async () => {
  const bad = offer('bad', { bad: true })
  const world: World = { now: start, newest: () => bad }
  // A FleetLock server with places for one percent: who did not get well again keeps its place.
  const places = new Set<string>()
  const policy = { waves: ['1:0', '10:24', '100:72'], maximumDeferralDays: 14 }
  const machines = Array.from({ length: 10_000 }, (_, index) => {
    const name = `machine-${index}`
    const lock = {
      lock: async () => {
        if (places.size >= 100 && !places.has(name)) return { refused: 'failed_lock: no place' }
        places.add(name)
        return 'granted' as const
      },
      release: async () => {
        places.delete(name)
        return 'granted' as const
      },
    }
    return new SimulatedMachine(world, name, policy, { lock })
  })
  await live(world, machines, start + 8 * day)
  const hurt = machines.filter(({ tried }) => tried.length > 0)
  console.log(`\n  ${hurt.length} of 10,000 machines tried the bad patch in 8 days`)
  assert.ok(hurt.length > 0 && hurt.length <= 100, `${hurt.length} machines`)
  for (const { tried, version } of hurt) assert.deepEqual([tried, version], [['bad'], '0'])
  // Its successor goes in first where the places are, and these are given back.
  world.newest = () => offer('good')
  await live(world, machines, start + 13 * day)
  assert.equal(machines.filter(({ version }) => version === 'good').length, 10_000)
  assert.equal(places.size, 0)
})
