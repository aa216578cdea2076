// A collection kept as it is at the server: listed once, then followed by events. Events only say where to look: what is
// told of an item was always read from the server after the event, so their order does not matter; and a missed one is
// made up for by the next list (after each gap, and every `resync` milliseconds).
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Limits } from '../connection/deadline.ts'
import { jitter } from '../connection/retry.ts'
import { AnboxError, NotFoundError, UnavailableError } from '../errors.ts'
import type { EventOptions, EventStream, GapEvent, ServerEvent } from './event-stream.ts'

export type Change<T> =
  | { type: 'added' | 'changed'; key: string; value: T }
  /** `value` is what was last known of it. */
  | { type: 'removed'; key: string; value: T }
  /** `items` is complete: after the first list, and after each later one. */
  | { type: 'synced' }

export type InformerOptions = {
  /** Ends the iteration. */
  signal?: AbortSignal
  /** Milliseconds after which all is listed anew, events or not; 60,000 unless said. */
  resync?: number
}

/** Where the items are. */
export type InformerSource<T> = {
  events: (options: EventOptions) => EventStream
  list: (options: Limits) => Promise<T[]>
  /** Throws `NotFoundError` for what is gone. */
  get: (key: string, options: Limits) => Promise<T>
  keyOf: (value: T) => string
  /** Whether nothing is tried again. */
  once?: boolean
}

const everything = Symbol('everything')

export class Informer<T> implements AsyncIterable<Change<T>> {
  readonly #source: InformerSource<T>
  readonly #signal: AbortSignal | undefined
  readonly #resync: number
  readonly #items = new Map<string, T>()
  readonly #dirty = new Set<string | typeof everything>()
  #failure: unknown
  /** The events have ended: the client was closed. */
  #over = false
  #wake: () => void = () => {}

  constructor(source: InformerSource<T>, { signal, resync = 60_000 }: InformerOptions = {}) {
    this.#source = source
    this.#signal = signal
    this.#resync = resync
  }

  /** By key, as last told; complete from the first `synced` on. Follows only while it is iterated. */
  get items(): ReadonlyMap<string, T> {
    return this.#items
  }

  /** Yields each change until the signal is aborted or the client closed. Throws where the server refuses. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Change<T>, void, void> {
    const ending = new AbortController()
    const signal = this.#signal ? AbortSignal.any([this.#signal, ending.signal]) : ending.signal
    const stop = () => this.#wake()
    signal.addEventListener('abort', stop)
    this.#failure = undefined
    this.#over = false
    this.#dirty.add(everything)
    try {
      const following = this.#follow(signal)
      for (let attempt = 0; !signal.aborted && !this.#over; ) {
        if (this.#failure !== undefined) throw this.#failure
        const [key] = this.#dirty
        if (key === undefined) {
          await this.#news(signal)
          continue
        }
        try {
          // Before the read: what happens during it is looked at again.
          if (key === everything) this.#dirty.clear()
          else this.#dirty.delete(key)
          yield* key === everything ? await this.#list(signal) : await this.#look(key, signal)
          attempt = 0
        } catch (error) {
          if (signal.aborted || (error instanceof AnboxError && error.code === 'closed')) return
          if (this.#source.once || !(error instanceof UnavailableError) || error.code !== 'unavailable') throw error
          this.#dirty.add(key)
          await sleep(jitter(attempt++, 250, 15_000), undefined, { signal }).catch(() => {})
        }
      }
      await following
    } finally {
      ending.abort()
      signal.removeEventListener('abort', stop)
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#source.events({ types: ['lifecycle'], signal })) {
        const touched = touchedBy(event)
        if (touched === undefined) continue
        this.#dirty.add(touched)
        this.#wake()
      }
      this.#over = true
    } catch (error) {
      this.#failure = error
    }
    this.#wake()
  }

  async #news(signal: AbortSignal): Promise<void> {
    const woken = Promise.withResolvers<void>()
    this.#wake = woken.resolve
    const timer = setTimeout(() => {
      this.#dirty.add(everything)
      this.#wake()
    }, this.#resync)
    if (signal.aborted || this.#over || this.#failure !== undefined || this.#dirty.size > 0) woken.resolve()
    await woken.promise
    clearTimeout(timer)
  }

  async #list(signal: AbortSignal): Promise<Change<T>[]> {
    const values = await this.#source.list({ signal })
    const found = new Map(values.map((value) => [this.#source.keyOf(value), value]))
    const gone = [...this.#items.keys()].filter((key) => !found.has(key)).flatMap((key) => this.#drop(key))
    const there = [...found].flatMap(([key, value]) => this.#take(key, value))
    return [...gone, ...there, { type: 'synced' }]
  }

  async #look(key: string, signal: AbortSignal): Promise<Change<T>[]> {
    try {
      const value = await this.#source.get(key, { signal })
      return this.#take(this.#source.keyOf(value), value)
    } catch (error) {
      if (error instanceof NotFoundError) return this.#drop(key)
      throw error
    }
  }

  #take(key: string, value: T): Change<T>[] {
    const known = this.#items.get(key)
    if (isDeepStrictEqual(known, value)) return []
    this.#items.set(key, value)
    return [{ type: known === undefined ? 'added' : 'changed', key, value }]
  }

  #drop(key: string): Change<T>[] {
    const value = this.#items.get(key)
    if (value === undefined) return []
    this.#items.delete(key)
    return [{ type: 'removed', key, value }]
  }
}

/** The instance that an event is about, by the path of its source. A new name is that of another one: look at all. */
function touchedBy(event: ServerEvent | GapEvent): string | typeof everything | undefined {
  if (event.type === 'gap') return everything
  const { action, source } = event.metadata ?? {}
  const [, name] = /^\/1\.0\/(?:instances|containers|virtual-machines)\/([^/?]+)/.exec(String(source)) ?? []
  if (name === undefined) return undefined
  return String(action).endsWith('-renamed') ? everything : decodeURIComponent(name)
}
