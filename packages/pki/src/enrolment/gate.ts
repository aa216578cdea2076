// At most so many at once, and a bounded queue behind them.

/** More wait than should: come back later. */
export class BusyError extends Error {
  override readonly name = 'BusyError'
}

export class Gate {
  readonly #most: number
  readonly #mostWaiting: number
  readonly #waiting: (() => void)[] = []
  #inside = 0

  constructor(most: number, mostWaiting: number) {
    this.#most = most
    this.#mostWaiting = mostWaiting
  }

  /** @throws {BusyError} when the queue is full */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside < this.#most) this.#inside += 1
    else if (this.#waiting.length < this.#mostWaiting) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else throw new BusyError('too many requests at once')
    try {
      return await work()
    } finally {
      // The place goes to the next one in the queue, if there is one.
      const next = this.#waiting.shift()
      if (next) next()
      else this.#inside -= 1
    }
  }
}
