// At most N at once, first come first served.
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** @param work may give its place back before it ends. */
  async use<T>(work: (release: () => void) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    let held = true
    const release = () => {
      if (!held) return
      held = false
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
    try {
      signal.throwIfAborted()
      return await work(release)
    } finally {
      release()
    }
  }
}
