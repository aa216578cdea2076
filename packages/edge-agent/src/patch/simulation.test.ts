// Days of a machine in seconds: the real engine and planner, with a clock that is set.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { day, hour, live, offer, SimulatedMachine, start, type World } from './machine.fixture.ts'

const test = suite('patch: simulated', { timeout: 120_000 })

test('30 days with a patch each day and the agent dead for a week: nothing is missing longer than the policy allows', async () => {
  for (const windows of [['02:00-04:00'], ['Sun 02:00-03:00'], []]) {
    const world: World = { now: start, newest: () => offer(String(Math.floor((world.now - start) / day))) }
    const machine = new SimulatedMachine(world, 'one', { windows, timeZone: 'Europe/Berlin', maximumDeferralDays: 5 })
    const [dies, lives] = [start + 10 * day, start + 17 * day]
    let worst = 0
    for (let now = start + hour; now <= start + 30 * day; now += hour) {
      await live(world, [machine], now, (time) => time > dies && time < lives)
      const oldestMissing = start + (Number(machine.version) + 1) * day
      // Its first look after the week is at once.
      if (now < dies || now > lives + 2 * hour) worst = Math.max(worst, now - oldestMissing)
    }
    const ends = machine.patching.patches.ends()
    console.log(
      `\n  ${windows.join() || 'no windows'}: ${ends.length} patches, nothing missing for more than ${(worst / day).toFixed(1)} days`,
    )
    // Until it is known, a check may have to come round: a quarter of a day and some jitter.
    assert.ok(worst <= 5 * day + 8 * hour, `${windows}: ${worst / day} days`)
    assert.ok(ends.length >= 3 && ends.every(({ outcome }) => outcome === 'applied'))
  }
})
