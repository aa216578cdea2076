// What is known about the operations of one server. Invariants: the event socket is open before a request that starts
// work is sent, so no report is missed; reports about ids nobody knows yet are kept for a while, because the first may
// come before the answer to the request; a final state never changes.
import type { Connection } from '../connection/connection.ts'
import type { Query } from '../connection/path.ts'
import { Feed } from './feed.ts'
import { merge, type OperationState, parseState } from './state.ts'

/** How long a report is kept for those who learn of the operation later, in milliseconds. */
const keep = 60_000

/** One operation; all `Operation` objects with its id share it. */
export class OperationRecord {
  state: OperationState
  /** The opening of the event socket in which `state` was last known to be complete; 0 when it never was. */
  generation: number
  readonly #listeners = new Set<() => void>()

  constructor(state: OperationState, generation: number) {
    this.state = state
    this.generation = generation
  }

  apply(report: OperationState): void {
    const before = this.state
    this.state = merge(before, report)
    if (this.state !== before) this.notify()
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  /** Calls `listener` at each change, and when the event socket is lost. Returns the way to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export class Tracker {
  readonly connection: Connection
  readonly feed: Feed
  readonly #recent = new Map<string, { record: OperationRecord; at: number }>()
  readonly #records = new Map<string, WeakRef<OperationRecord>>()
  readonly #gone = new FinalizationRegistry<string>((id) => {
    if (!this.#records.get(id)?.deref()) this.#records.delete(id)
  })

  constructor(connection: Connection, queries: Query[]) {
    this.connection = connection
    this.feed = new Feed({
      connection,
      queries,
      onEvent: (event) => this.#onEvent(event),
      onLost: () => {
        for (const reference of this.#records.values()) reference.deref()?.notify()
      },
    })
  }

  /** The record of an operation that an answer told of. `generation` is that of before the request. */
  adopt(state: OperationState, generation: number): OperationRecord {
    const known = this.#find(state.id)
    if (!known) return this.#add(state, generation)
    known.apply(state)
    known.generation = Math.max(known.generation, generation)
    return known
  }

  #find(id: string): OperationRecord | undefined {
    return this.#records.get(id)?.deref()
  }

  #add(state: OperationState, generation: number): OperationRecord {
    const record = new OperationRecord(state, generation)
    this.#records.set(state.id, new WeakRef(record))
    this.#gone.register(record, state.id)
    return record
  }

  #onEvent(event: unknown): void {
    if ((event as { type?: unknown } | null)?.type !== 'operation') return
    const state = parseState((event as { metadata?: unknown }).metadata)
    if (!state) return
    const record = this.#find(state.id) ?? this.#add(state, this.feed.generation)
    record.apply(state)
    this.#remember(state.id, record)
  }

  #remember(id: string, record: OperationRecord): void {
    const now = Date.now()
    this.#recent.delete(id)
    this.#recent.set(id, { record, at: now })
    // In order of their last report, so the old ones come first.
    for (const [old, { at }] of this.#recent) {
      if (now - at < keep) break
      this.#recent.delete(old)
    }
  }
}
