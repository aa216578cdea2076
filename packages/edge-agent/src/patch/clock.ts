// The time that patching goes by. The clock on the wall may be wrong at boot, be set, or jump; the steady one only counts
// while the agent runs. So the wall is believed where somebody synchronises it, where it agrees with what was seen last, and
// where it keeps on disagreeing; until then time goes on from what was seen last.

export type Readings = {
  /** ms since 1970. */
  wall: number
  /** ms by a clock that nobody sets, from any beginning. */
  steady: number
  /** Somebody (NTP) sees to it that the wall is right. */
  synchronised: boolean
}

/** Milliseconds: clocks that differ by less agree. */
const tolerance = 60_000
/** How long the agent may have been away, at most, for a clock that nobody synchronises to be believed at its start. */
const longestAbsence = 60 * 24 * 3600_000
/** How long a clock has to disagree until it is believed: one put back is more suspicious than one put forward. */
const forwardDoubt = 3600_000
const backwardDoubt = 24 * 3600_000

export class PatchClock {
  #seen: { wall: number; steady: number } | undefined
  #doubt: { offset: number; since: number } | undefined
  readonly #floor: number

  /** @param floor the last time that an agent before believed, ms since 1970; 0 if there was none. */
  constructor(floor = 0) {
    this.#floor = floor
  }

  now(reading: Readings): number {
    const { wall, steady, synchronised } = reading
    const first = this.#seen === undefined
    const expected = this.#seen ? this.#seen.wall + steady - this.#seen.steady : this.#floor
    const offset = wall - expected
    const believed =
      synchronised ||
      Math.abs(offset) <= tolerance ||
      (first && offset > 0 && (this.#floor === 0 || offset <= longestAbsence)) ||
      this.#keepsOn(offset, steady)
    if (believed) this.#doubt = undefined
    this.#seen = { wall: believed ? wall : expected, steady }
    return this.#seen.wall
  }

  #keepsOn(offset: number, steady: number): boolean {
    if (!this.#doubt || Math.abs(this.#doubt.offset - offset) > tolerance) this.#doubt = { offset, since: steady }
    return steady - this.#doubt.since >= (offset > 0 ? forwardDoubt : backwardDoubt)
  }
}
