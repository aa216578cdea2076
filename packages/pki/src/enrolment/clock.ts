// Whether the clock can be right. A machine without a battery starts somewhere in the past: nothing is judged to be "not yet
// valid" or "ended" until then, and nothing is sent.
import type { X509Certificate } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { ClockWrongError } from '../errors.ts'

const written = Date.UTC(2026, 0, 1)

/** Waits until no certificate that is known to have been issued is of the future, for so long as `patienceMs` says. */
export async function saneClock(
  known: readonly X509Certificate[],
  { patienceMs = 0, signal }: { patienceMs?: number; signal?: AbortSignal },
): Promise<void> {
  const end = performance.now() + patienceMs
  for (;;) {
    const wrong = judge(known)
    if (!wrong) return
    if (performance.now() >= end) throw wrong
    await pause(Math.min(1_000, patienceMs), undefined, { signal })
  }
}

function judge(known: readonly X509Certificate[]): ClockWrongError | undefined {
  const now = new Date()
  if (now.getTime() < written) return new ClockWrongError(now)
  const later = known.find(({ validFromDate }) => now < validFromDate)
  return (
    later && new ClockWrongError(now, `before ${later.validFromDate.toISOString()}, when a known certificate began`)
  )
}
