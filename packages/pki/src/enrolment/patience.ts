// Trying again, with pauses that grow and are never quite the same: not all machines at the same moment.
import { setTimeout as pause } from 'node:timers/promises'
import { ClockWrongError, EnrolmentUnavailableError } from '../errors.ts'

/** Milliseconds until the next attempt, after so many failures (0 is the first). */
export function pauseAfter(failures: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 30), longestMs) * (0.5 + Math.random() / 2)
}

/** Milliseconds that the other side asked to wait, if it did. */
export function askedPause(error: unknown): number {
  return error instanceof EnrolmentUnavailableError ? (error.retryAfter ?? 0) : 0
}

/** Does the work again while nobody answers or the clock is not set, until the patience is at its end. */
export async function patiently<T>(
  work: () => Promise<T>,
  { patienceMs, onPause }: { patienceMs: number; onPause?: (error: Error, pauseMs: number) => void },
): Promise<T> {
  const end = performance.now() + patienceMs
  for (let failures = 0; ; failures += 1) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof EnrolmentUnavailableError || error instanceof ClockWrongError)) throw error
      const pauseMs = Math.max(askedPause(error), pauseAfter(failures, { firstMs: 1_000, longestMs: 30_000 }))
      if (performance.now() + pauseMs > end) throw error
      onPause?.(error, pauseMs)
      await pause(pauseMs)
    }
  }
}
