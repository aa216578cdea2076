import { InvalidRequestError, TimeoutError } from '../errors.ts'

export type Limits = {
  /** Ends the call with the signal's reason. What the server has begun goes on. */
  signal?: AbortSignal
  /** Milliseconds that the call may take in all, repetitions included; then `TimeoutError`. What the server has begun goes on. */
  deadline?: number
}

/** The end of a call's time as a signal, whose reason is the error to throw. To be disposed of when the call is over. */
export class Deadline implements Disposable {
  /** Aborted by the caller, or when the time is over. */
  readonly signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined

  constructor({ signal, deadline }: Limits, what: string) {
    this.signal = signal
    if (deadline === undefined) return
    if (!(deadline >= 0 && deadline < 2 ** 31))
      throw new InvalidRequestError(`deadline: ${deadline} is no number of milliseconds`, { code: 'invalid-request' })
    const late = new AbortController()
    const reason = new TimeoutError(`${what}: not done within ${deadline} ms; the server may still be working on it`, {
      code: 'timeout',
    })
    this.#timer = setTimeout(() => late.abort(reason), deadline)
    this.signal = signal ? AbortSignal.any([signal, late.signal]) : late.signal
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

/** What `work` comes to, unless the signal is aborted before. For work that others wait for too and that goes on. */
export async function unlessAborted<T>(work: Promise<T> | T, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted()
  if (!signal || !(work instanceof Promise)) return work
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
