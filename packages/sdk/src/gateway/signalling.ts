import { UnavailableError } from '../errors.ts'
import { decodeSignal, encodeSignal, type InstanceSignal, type UnknownSignal, type ViewerSignal } from './signal.ts'
import type { MessageSocket } from './transport.ts'

const open = 1

/**
 * The signalling socket of a viewer. A viewer closes it itself once WebRTC is connected; the session goes on. Messages wait
 * until they are read.
 */
export class Signalling implements AsyncIterable<InstanceSignal | UnknownSignal> {
  readonly #socket: MessageSocket
  readonly #queue: (InstanceSignal | UnknownSignal)[] = []
  #ended = false
  #wake: () => void = () => {}

  constructor(socket: MessageSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      this.#queue.push(decodeSignal(String(data)) as InstanceSignal | UnknownSignal)
      this.#wake()
    })
    socket.addEventListener('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** Throws `UnavailableError` when the socket is closed. */
  send(signal: ViewerSignal): void {
    if (this.#socket.readyState !== open)
      throw new UnavailableError('the signalling socket is closed', { code: 'unavailable' })
    this.#socket.send(encodeSignal(signal))
  }

  /** Yields until either side closes. */
  async *[Symbol.asyncIterator](): AsyncGenerator<InstanceSignal | UnknownSignal, void, void> {
    for (;;) {
      const signal = this.#queue.shift()
      if (signal) yield signal
      else if (this.#ended) return
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }

  close(): void {
    this.#socket.close()
  }
}
