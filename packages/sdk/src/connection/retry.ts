import { setTimeout as sleep } from 'node:timers/promises'
import { UnavailableError } from '../errors.ts'

/** 0 to `most` milliseconds longer than half of `base`·2^attempt: callers that failed together do not come back together. */
export function jitter(attempt: number, base = 100, most = 2_000): number {
  const delay = Math.min(most, base * 2 ** attempt)
  return delay / 2 + (Math.random() * delay) / 2
}

/**
 * Repeats what may be repeated. Only GET and HEAD are: LXD's PUT of a state restarts an instance each time, and a
 * DELETE that got through would answer 404 the second time.
 */
export async function retrying<T>(
  method: string,
  retries: number,
  signal: AbortSignal | undefined,
  once: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await once(attempt)
    } catch (error) {
      const repeatable = method === 'GET' || method === 'HEAD'
      if (!repeatable || attempt >= retries || !(error instanceof UnavailableError)) throw error
      if (error.code !== 'unavailable') throw error
      await sleep(jitter(attempt), undefined, { signal }).catch(() => signal?.throwIfAborted())
    }
  }
}
