// Waiting for the end of an operation. Events are the fast way; every other path exists because events can be lost.
import { unlessAborted } from '../connection/deadline.ts'
import type { Query } from '../connection/path.ts'
import { jitter } from '../connection/retry.ts'
import { AnboxError, NotFoundError, OperationLostError, UnavailableError } from '../errors.ts'
import { isFinal, type OperationState, parseState } from './state.ts'
import type { OperationRecord, Tracker } from './tracker.ts'

// LXD forgets an operation 5 s after its end. Asking more often than that finds the end also where a socket is dead and
// neither side has noticed.
const askEvery = 4_000
/** Seconds that the server is asked to hold its answer while there are no events. */
const slice = 30
/** Milliseconds until a server that cannot be reached is given up. */
const patience = 120_000

export type Waiting = { tracker: Tracker; record: OperationRecord; path: string; query: Query; signal?: AbortSignal }

/** Returns when the record is final. Throws `OperationLostError`, `UnavailableError`, or the signal's reason. */
export async function untilFinal(waiting: Waiting): Promise<void> {
  const { tracker, record, signal } = waiting
  let unreachableSince = 0
  let attempt = 0
  while (!isFinal(record.state)) {
    signal?.throwIfAborted()
    const generation = await unlessAborted(tracker.feed.ready(), signal)
    if (isFinal(record.state)) return
    const complete = generation !== 0 && tracker.feed.whole
    // Nothing was missed so far, and what comes will be told.
    if (complete && record.generation === generation && (await change(waiting, askEvery))) continue
    try {
      if (complete) await ask(waiting)
      else await askSlowly(waiting)
      if (complete) record.generation = generation
      unreachableSince = attempt = 0
    } catch (error) {
      if (!(error instanceof UnavailableError) || error.code !== 'unavailable') throw error
      unreachableSince ||= Date.now()
      if (tracker.connection.retries === 0 || Date.now() - unreachableSince > patience) throw error
      await change(waiting, jitter(attempt++, 200, 2_000))
    }
  }
}

/** Waits for news about the record, or its loss; says whether there was any within `time` milliseconds. */
function change({ record, signal }: Waiting, time: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      stop()
      signal?.removeEventListener('abort', aborted)
      settle()
    }
    const aborted = () => end(() => reject(signal?.reason))
    const stop = record.listen(() => end(() => resolve(true)))
    const timer = setTimeout(() => end(() => resolve(false)), time)
    if (signal?.aborted) return aborted()
    signal?.addEventListener('abort', aborted, { once: true })
  })
}

async function ask({ tracker, record, path, query, signal }: Waiting): Promise<void> {
  try {
    const reply = await tracker.connection.request<OperationState>('GET', path, { query, signal })
    const state = parseState(reply.envelope?.metadata)
    if (state) record.apply(state)
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    if (!isFinal(record.state)) throw lost(record, path, error)
  }
}

/** Lets the server hold its answer; LXD sends status 200 before it does so, others only when they know. */
async function askSlowly(waiting: Waiting): Promise<void> {
  const { tracker, record, path, query, signal } = waiting
  const over = new AbortController()
  const stop = record.listen(() => isFinal(record.state) && over.abort())
  const limit = (slice + 15) * 1000
  const deadline = setTimeout(() => over.abort(), limit)
  try {
    const reply = await tracker.connection.request<OperationState>('GET', `${path}/wait`, {
      query: { ...query, timeout: slice },
      signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal,
      timeout: limit,
    })
    const state = parseState(reply.envelope?.metadata)
    if (state) record.apply(state)
  } catch (error) {
    signal?.throwIfAborted()
    if (over.signal.aborted || isFinal(record.state)) return
    // It may be the answer of a failed operation, or of a server without this path: ask for the operation itself.
    if (!(error instanceof AnboxError) || error instanceof UnavailableError) throw error
    await ask(waiting)
    if (!isFinal(record.state)) await change(waiting, 1_000)
  } finally {
    clearTimeout(deadline)
    stop()
  }
}

function lost(record: OperationRecord, path: string, cause: unknown): OperationLostError {
  const what = record.state.description ? `"${record.state.description}"` : path
  return new OperationLostError(
    `the operation ${what} has ended or went down with its server, and its result is unknown: look at what it worked on`,
    { code: 'operation-lost', method: 'GET', path, cause },
  )
}
