// Keeps a machine enrolled: renews when it is time, and tries again with pauses that grow.
import { setTimeout as pause } from 'node:timers/promises'
import { EnrolmentMissingError } from '../errors.ts'
import { type Renewed, type RenewOptions, renew } from './enrol.ts'
import { Home } from './home.ts'
import { askedPause, pauseAfter } from './patience.ts'

export type KeepOptions = Omit<RenewOptions, 'force' | 'signal'> & {
  /** Ends it. */
  signal: AbortSignal
  onRenewed?: (renewed: Renewed) => void
  /** Told of each attempt that failed, and of the milliseconds until the next one. */
  onFailed?: (error: unknown, pauseMs: number) => void
  /** Milliseconds of the first pause, a minute unless said, and of the longest, an hour unless said. */
  firstPauseMs?: number
  longestPauseMs?: number
}

/** No longer than this is slept at once: a machine may be suspended, and its clock be set. */
const longestSleepMs = 600_000

/**
 * Renews until it is told to stop. No failure ends it, because what a server refuses today a person may put right.
 * @throws {EnrolmentMissingError} when the machine never enrolled
 */
export async function keepEnrolled(options: KeepOptions): Promise<void> {
  const { directory, name, signal, firstPauseMs = 60_000, longestPauseMs = 3_600_000 } = options
  const home = new Home(directory, name)
  let failures = 0
  while (!signal.aborted) {
    const enrolment = await home.load()
    if (!enrolment) throw new EnrolmentMissingError(`no machine is enrolled in ${directory}; enrol it first`)
    const wait = enrolment.renewAt.getTime() - Date.now()
    if (wait > 0) {
      await sleep(Math.min(wait, longestSleepMs), signal)
      continue
    }
    try {
      const renewed = await renew(options)
      failures = 0
      options.onRenewed?.(renewed)
    } catch (error) {
      if (signal.aborted) return
      const grown = pauseAfter(failures, { firstMs: firstPauseMs, longestMs: longestPauseMs })
      const pauseMs = Math.max(askedPause(error), grown)
      failures += 1
      options.onFailed?.(error, pauseMs)
      await sleep(pauseMs, signal)
    }
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => {})
}
