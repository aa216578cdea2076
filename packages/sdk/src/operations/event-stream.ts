import { setTimeout as sleep } from 'node:timers/promises'
import type WebSocket from 'ws'
import type { Connection } from '../connection/connection.ts'
import type { Query } from '../connection/path.ts'
import { jitter } from '../connection/retry.ts'
import { endWhenSilent } from '../connection/socket.ts'
import { AnboxError, UnavailableError } from '../errors.ts'
import { hideSecrets } from './secrets.ts'

export type ServerEvent = {
  type: string
  timestamp?: string
  metadata?: Record<string, unknown>
  project?: string
  location?: string
}
/** The connection was lost and is there again: what happened in between was not seen. */
export type GapEvent = {
  type: 'gap'
  timestamp: string
  metadata?: undefined
  project?: undefined
  location?: undefined
}
export type EventOptions = {
  /** `operation`, `lifecycle`, `logging`; the server's choice unless said. */
  types?: string[]
  /** Ends the iteration. */
  signal?: AbortSignal
  /**
   * Opens a lost connection again, and says so with a `gap` event; otherwise its loss is thrown as `UnavailableError`.
   * True unless said, or unless the client's `retries` are 0.
   */
  reconnect?: boolean
}

/** Events held for a slow reader before the socket is stopped. */
const most = 256

/**
 * The events of a server, as they come. It has a socket of its own, with its own filter and at its reader's pace; the
 * socket by which operations are followed is never slowed down by it.
 */
export class EventStream implements AsyncIterable<ServerEvent | GapEvent> {
  readonly #connection: Connection
  readonly #query: Query
  readonly #signal: AbortSignal | undefined
  readonly #reconnect: boolean
  readonly #queue: (ServerEvent | GapEvent)[] = []
  #socket: WebSocket | undefined
  #wasOpen = false
  #wake: () => void = () => {}

  constructor(
    connection: Connection,
    query: Query,
    { types, signal, reconnect = connection.retries > 0 }: EventOptions = {},
  ) {
    this.#connection = connection
    this.#query = { ...query, type: types?.join(',') }
    this.#signal = signal
    this.#reconnect = reconnect
  }

  /** Subscribes; from here on events are kept. Iterating does it too. Throws what stands in the way. */
  async open(): Promise<this> {
    if (this.#socket) return this
    const socket = await this.#connection.socket('/1.0/events', { query: this.#query, signal: this.#signal })
    if (this.#wasOpen) this.#queue.push({ type: 'gap', timestamp: new Date().toISOString() })
    this.#wasOpen = true
    this.#socket = socket
    endWhenSilent(socket)
    socket.on('message', (data: Buffer) => {
      const event = parse(data)
      if (!event) return
      this.#queue.push(event)
      if (this.#queue.length >= most) socket.pause()
      this.#wake()
    })
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = undefined
      this.#wake()
    })
    return this
  }

  /** Yields until the signal is aborted or the client closed. Throws where the server refuses. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ServerEvent | GapEvent, void, void> {
    const stop = () => this.#wake()
    this.#signal?.addEventListener('abort', stop)
    try {
      if (!(await this.#tried())) return
      for (;;) {
        if (this.#signal?.aborted) return
        const event = this.#queue.shift()
        if (event) {
          if (this.#queue.length < most / 2 && this.#socket?.isPaused) this.#socket.resume()
          yield event
        } else if (this.#socket) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        } else if (this.#connection.closed) return
        else if (!this.#reconnect) throw this.#lost()
        else if (!(await this.#again())) return
      }
    } finally {
      this.#signal?.removeEventListener('abort', stop)
      this.#socket?.terminate()
    }
  }

  #lost(): UnavailableError {
    return new UnavailableError(`GET /1.0/events at ${this.#connection.server}: the connection was lost`, {
      code: 'unavailable',
      method: 'GET',
      path: '/1.0/events',
    })
  }

  /** Whether the socket is open; not when the iteration was ended meanwhile. */
  async #tried(): Promise<boolean> {
    try {
      await this.open()
      return true
    } catch (error) {
      if (this.#signal?.aborted || (error instanceof AnboxError && error.code === 'closed')) return false
      throw error
    }
  }

  async #again(): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      await sleep(jitter(attempt, 250, 15_000), undefined, { signal: this.#signal }).catch(() => {})
      if (this.#signal?.aborted) return false
      try {
        return await this.#tried()
      } catch (error) {
        if (!(error instanceof UnavailableError) || error.code !== 'unavailable') throw error
      }
    }
  }
}

function parse(data: Buffer): ServerEvent | undefined {
  try {
    const event = JSON.parse(data.toString()) as ServerEvent
    if (event.type === 'operation') hideSecrets(event.metadata?.metadata)
    return event
  } catch {
    return undefined
  }
}
