// The one event socket of a server. It opens when the first work is started, and again whenever somebody asks for it
// after it was lost. Each opening has a number: who knows the number of the opening in which it last knew the truth can
// tell whether anything was missed since.
import type WebSocket from 'ws'
import type { Connection } from '../connection/connection.ts'
import type { Query } from '../connection/path.ts'
import { jitter } from '../connection/retry.ts'
import { endWhenSilent } from '../connection/socket.ts'
import { AnboxError } from '../errors.ts'

export type FeedOptions = {
  connection: Connection
  /** What to subscribe to, best first. The next one is tried where a server refuses one. */
  queries: Query[]
  onEvent: (event: unknown) => void
  /** The socket is gone. */
  onLost: () => void
}

export class Feed {
  readonly #options: FeedOptions
  #generation = 0
  #socket: WebSocket | undefined
  #opening: Promise<number> | undefined
  #attempts = 0
  #notBefore = 0
  #choice = 0

  constructor(options: FeedOptions) {
    this.#options = options
  }

  /** The number of the current opening, 0 while there is none. */
  get generation(): number {
    return this.#socket ? this.#generation : 0
  }

  /** Whether the events are those of the whole server, as the best query asks. */
  get whole(): boolean {
    return this.#choice === 0
  }

  /** Opens the socket unless it is open. Its number, or 0 where it cannot be had now: never throws. */
  ready(): Promise<number> | number {
    if (this.#socket) return this.#generation
    if (Date.now() < this.#notBefore) return 0
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #open(): Promise<number> {
    const { connection, queries } = this.#options
    try {
      const socket = await connection.socket('/1.0/events', { query: queries[this.#choice], background: true })
      this.#attach(socket)
      this.#attempts = 0
      return this.#generation
    } catch (error) {
      const refused = error instanceof AnboxError && [400, 403].includes(error.status ?? 0)
      if (refused && this.#choice + 1 < queries.length) {
        this.#choice += 1
        return this.#open()
      }
      this.#notBefore = Date.now() + jitter(this.#attempts++, 250, 15_000)
      return 0
    }
  }

  #attach(socket: WebSocket): void {
    this.#socket = socket
    this.#generation += 1
    endWhenSilent(socket)
    socket.on('message', (data: Buffer) => {
      try {
        this.#options.onEvent(JSON.parse(data.toString()))
      } catch {
        // Not an event; the next one may be.
      }
    })
    socket.once('close', () => {
      this.#socket = undefined
      this.#options.onLost()
    })
  }

  /** Drops the socket as a broken network would; for tests of what happens then. */
  drop(): void {
    this.#socket?.terminate()
  }
}
