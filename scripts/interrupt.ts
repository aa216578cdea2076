// Ctrl-C and its kin as an AbortSignal, so that a program tidies up and ends with the code a shell expects.

/** Thrown by whatever is aborted. `code` is the exit code: 128 and the signal's number. */
export class InterruptedError extends Error {
  override name = 'InterruptedError'
  readonly code: number
  constructor(signal: string, code: number) {
    super(`interrupted by ${signal}`)
    this.code = code
  }
}

/** Aborted by the first SIGINT, SIGTERM or SIGHUP. A second one within the tidying up ends the program at once. */
export function interruption(log: (line: string) => void): AbortSignal {
  const controller = new AbortController()
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
  let first = 0
  for (const [name, code] of Object.entries(codes))
    process.on(name, () => {
      // A terminal's Ctrl-C may reach us twice, by the group and by our parent.
      if (first && Date.now() - first > 500) process.exit(code)
      if (first) return
      first = Date.now()
      log(`${name}: tidying up (once more to stop at once; the next run then tidies up)`)
      controller.abort(new InterruptedError(name, code))
    })
  return controller.signal
}
