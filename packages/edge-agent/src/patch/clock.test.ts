import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { PatchClock } from './clock.ts'

const test = suite('patch: the clock')
const [minute, hour, day] = [60_000, 3600_000, 24 * 3600_000]
const start = Date.parse('2026-03-10T12:00:00Z')

/** A machine whose clock on the wall can be set; the steady one goes with `pass`. */
class Wall {
  readonly clock: PatchClock
  synchronised = false
  #wall: number
  #steady = 5_000

  constructor(wall: number, floor: number) {
    this.#wall = wall
    this.clock = new PatchClock(floor)
  }

  pass(milliseconds: number): this {
    this.#wall += milliseconds
    this.#steady += milliseconds
    return this
  }

  set(offset: number): this {
    this.#wall += offset
    return this
  }

  get now(): number {
    return this.clock.now({ wall: this.#wall, steady: this.#steady, synchronised: this.synchronised })
  }

  /** Passes time as an agent sees it: a look every ten minutes. */
  live(milliseconds: number): number {
    for (let passed = 0; passed < milliseconds; passed += 10 * minute) this.pass(10 * minute).now
    return this.now
  }
}

test('the first time ever, the wall is believed', () => assert.equal(new Wall(start, 0).now, start))
test('after a week without an agent, too', () => assert.equal(new Wall(start + 7 * day, start).now, start + 7 * day))
test('a clock that begins in 1970 at boot is not: time goes on from what was seen last', () => {
  const wall = new Wall(0, start)
  assert.equal(wall.now, start)
  assert.equal(wall.pass(hour).now, start + hour)
})
test('a clock that begins in 2038 at boot is not', () => assert.equal(new Wall(start + 4000 * day, start).now, start))
test('once somebody synchronises it, it is believed at once, forward and back', () => {
  const wall = new Wall(0, start)
  wall.now
  wall.synchronised = true
  assert.equal(wall.set(start + 3 * day).now, start + 3 * day)
  assert.equal(wall.set(-2 * day).now, start + day)
})
test('a jump forward is believed when it has kept on for an hour', () => {
  const wall = new Wall(start, start)
  wall.now
  assert.equal(wall.set(5 * day).pass(minute).now, start + minute)
  assert.equal(wall.live(30 * minute), start + 31 * minute)
  assert.equal(wall.live(40 * minute), start + 5 * day + 71 * minute)
})
test('a jump forward and back leaves nothing behind', () => {
  const wall = new Wall(start, start)
  wall.now
  wall.set(500 * day).pass(minute).now
  assert.equal(wall.set(-500 * day).pass(minute).now, start + 2 * minute)
})
test('a clock put back is believed when it has kept on for a day, and no time is counted twice until then', () => {
  const wall = new Wall(start, start)
  wall.now
  assert.equal(wall.set(-3 * hour).pass(minute).now, start + minute)
  assert.equal(wall.live(23 * hour), start + 23 * hour + minute)
  assert.equal(wall.live(2 * hour), start + 25 * hour + minute - 3 * hour)
})
test('a clock that drifts is followed', () => {
  const wall = new Wall(start, start)
  for (let count = 0; count < 100; count += 1) {
    wall.set(30_000).pass(10 * minute)
    wall.now
  }
  assert.equal(wall.now, start + 100 * (10 * minute + 30_000))
})
