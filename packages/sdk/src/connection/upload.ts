import { Readable } from 'node:stream'
import { TimeoutError } from '../errors.ts'

export type Source = Readable | Uint8Array | AsyncIterable<Uint8Array | string>
export type Progress = {
  /** Bytes handed to the connection so far. */
  transferred: number
  /** Bytes in all, where that is known. */
  total?: number
}

/**
 * A body on its way. It takes as long as it takes, so there is no time-out for the whole, only one for standing still:
 * neither a byte taken nor an answer for `idle` milliseconds.
 */
export class Upload {
  readonly signal: AbortSignal
  readonly body: AsyncIterable<Uint8Array | string>
  readonly #source: Source
  readonly #idle: number
  readonly #stalled = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #ended = false

  constructor(source: Source, idle: number, signal?: AbortSignal, onChunk?: (bytes: number) => void) {
    this.#source = source instanceof Readable ? heldErrors(source) : source
    this.#idle = idle
    this.signal = signal ? AbortSignal.any([signal, this.#stalled.signal]) : this.#stalled.signal
    this.body = this.#counted(onChunk)
    this.#touch()
  }

  async *#counted(onChunk?: (bytes: number) => void): AsyncGenerator<Uint8Array | string> {
    for await (const chunk of pieces(this.#source)) {
      yield chunk
      this.#touch()
      onChunk?.(typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.byteLength)
    }
  }

  #touch(): void {
    clearTimeout(this.#timer)
    // undici may still ask for a piece when all is over.
    if (this.#ended) return
    const late = () => new TimeoutError(`the upload stood still for ${this.#idle} ms`, { code: 'timeout' })
    this.#timer = setTimeout(() => this.#stalled.abort(late()), this.#idle)
  }

  /** To be called when the answer came. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    if (this.#source instanceof Readable) this.#source.destroy()
  }
}

/** An error before anybody reads the stream does not end the process: whoever reads it later is told. */
export function heldErrors<S extends Readable>(stream: S): S {
  return stream.on('error', () => {})
}

function pieces(source: Source): AsyncIterable<Uint8Array | string> | Iterable<Uint8Array> {
  if (!(source instanceof Uint8Array)) return source
  return (function* () {
    const size = 64 * 1024
    for (let start = 0; start < source.byteLength; start += size) yield source.subarray(start, start + size)
  })()
}
