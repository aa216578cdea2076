import { ServerError, UnavailableError } from '../errors.ts'
import {
  decodeInstanceSignal,
  encodeSignal,
  type InstanceSignal,
  type UnknownSignal,
  type ViewerSignal,
} from './signal.ts'
import type { MessageSocket } from './transport.ts'

const open = 1
/** What a socket's end says where the connection was cut. */
const cut = 1006
/** Signals that may wait to be read; a session has some dozens in all. */
const most = 1_000

/**
 * The signalling socket of a viewer. A viewer closes it itself once WebRTC is connected; the session goes on. Signals wait
 * until they are read.
 */
export class Signalling implements AsyncIterable<InstanceSignal | UnknownSignal>, AsyncDisposable {
  readonly #socket: MessageSocket
  readonly #queue: (InstanceSignal | UnknownSignal)[] = []
  #ended = false
  #failure: Error | undefined
  #wake: () => void = () => {}

  /** @param signal closes it */
  constructor(socket: MessageSocket, signal?: AbortSignal) {
    this.#socket = socket
    const abort = () => this.close()
    socket.addEventListener('message', ({ data }) => {
      this.#queue.push(decodeInstanceSignal(String(data)))
      if (this.#queue.length > most) this.#fail(new ServerError(`more than ${most} signals wait to be read`))
      this.#wake()
    })
    socket.addEventListener('close', ({ code }) => {
      signal?.removeEventListener('abort', abort)
      if (code === cut && !this.#ended)
        this.#failure ??= new UnavailableError('the signalling socket broke off', { code: 'unavailable' })
      this.#ended = true
      this.#wake()
    })
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
  }

  /** Throws `UnavailableError` when the socket is closed. */
  send(signal: ViewerSignal): void {
    if (this.#socket.readyState !== open)
      throw new UnavailableError('the signalling socket is closed', { code: 'unavailable' })
    this.#socket.send(encodeSignal(signal))
  }

  /** Yields until either side closes; leaving the loop closes. Throws `UnavailableError` when the connection is cut. */
  async *[Symbol.asyncIterator](): AsyncGenerator<InstanceSignal | UnknownSignal, void, void> {
    try {
      for (;;) {
        const signal = this.#queue.shift()
        if (signal) yield signal
        else if (this.#failure) throw this.#failure
        else if (this.#ended) return
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
    } finally {
      this.close()
    }
  }

  close(): void {
    this.#ended = true
    this.#socket.close()
    this.#wake()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #fail(error: Error): void {
    this.#failure = error
    this.#socket.close()
  }
}
