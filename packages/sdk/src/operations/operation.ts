import { Deadline, type Limits } from '../connection/deadline.ts'
import type { Query } from '../connection/path.ts'
import { traced, waitTracing } from '../connection/trace.ts'
import { NotFoundError, OperationFailedError } from '../errors.ts'
import { cancelledCode, isFailed, isFinal, parseState } from './state.ts'
import type { OperationRecord, Tracker } from './tracker.ts'
import { untilFinal } from './wait.ts'

/** `signal` and `deadline` end the waiting, not the work: see `cancel`. */
export type WaitOptions<Result> = Limits & {
  /** Called with the metadata at each change; LXD writes its progress there. */
  onProgress?: (metadata: Result) => void
}

/** Work that goes on at the server. A plain object, never a thenable: `await operation.wait()`. */
export class Operation<Result = Record<string, unknown>> {
  readonly id: string
  /** As the server gave it. */
  readonly url: string
  readonly #tracker: Tracker
  readonly #record: OperationRecord
  readonly #path: string
  readonly #query: Query

  constructor(tracker: Tracker, record: OperationRecord, url: string, query: Query = {}) {
    this.id = record.state.id
    this.url = url
    this.#tracker = tracker
    this.#record = record
    const parsed = new URL(url, 'http://localhost')
    this.#path = parsed.pathname
    // In a cluster the operation lives on one member: what the URL says wins.
    this.#query = { ...query, ...Object.fromEntries(parsed.searchParams) }
  }

  get class(): string {
    return this.#record.state.class ?? 'task'
  }
  get description(): string {
    return this.#record.state.description ?? ''
  }
  get status(): string {
    return this.#record.state.status
  }
  get statusCode(): number {
    return this.#record.state.status_code
  }
  /** URLs of what it works on, by kind: `instances`, `images`, … */
  get resources(): Record<string, string[]> {
    return this.#record.state.resources ?? {}
  }
  get metadata(): Result {
    return (this.#record.state.metadata ?? {}) as Result
  }
  get mayCancel(): boolean {
    return this.#record.state.may_cancel ?? false
  }
  /** The server's words about a failure, or empty. */
  get err(): string {
    return this.#record.state.err ?? ''
  }
  get final(): boolean {
    return isFinal(this.#record.state)
  }

  /** The last path element of the first URL among `resources[kind]`: the id or name of what is made. */
  resource(kind: string): string | undefined {
    // An older AMS and LXD call instances containers.
    const url = (this.resources[kind] ?? (kind === 'instances' ? this.resources.containers : undefined))?.[0]
    return url && decodeURIComponent(new URL(url, 'http://localhost').pathname.split('/').at(-1) ?? '')
  }

  /**
   * Waits for the end. Throws `OperationFailedError` when that is a failure or a cancellation, `OperationLostError` when
   * it ended unseen, `TimeoutError`, `UnavailableError` when the server stays away for two minutes, or the signal's reason.
   */
  async wait({ onProgress, ...limits }: WaitOptions<Result> = {}): Promise<this> {
    using limit = new Deadline(limits, `the operation "${this.description}" at ${this.#tracker.connection.server}`)
    const { signal } = limit
    let shown: unknown
    const progress = () => {
      if (this.#record.state.metadata === shown) return
      shown = this.#record.state.metadata
      onProgress?.(this.metadata)
    }
    const stop = onProgress ? this.#record.listen(progress) : () => {}
    try {
      const [tracker, record] = [this.#tracker, this.#record]
      const trace = {
        'server.address': tracker.connection.server,
        'anbox.operation.id': this.id,
        'anbox.operation.description': this.description,
      }
      await traced(waitTracing, trace, () =>
        untilFinal({ tracker, record, path: this.#path, query: this.#query, signal }),
      )
    } finally {
      stop()
    }
    if (isFailed(this.#record.state)) throw this.#failure()
    return this
  }

  /** Asks once for the current state. Throws `NotFoundError` when the server has forgotten the operation. */
  async refresh(options: Limits = {}): Promise<this> {
    const reply = await this.#tracker.connection.request('GET', this.#path, { query: this.#query, ...options })
    const state = parseState(reply.envelope?.metadata)
    if (state) this.#record.apply(state)
    return this
  }

  /** Asks the server to stop the work; `wait` tells how it ended. An operation that has ended already is left alone. */
  async cancel(options: Limits = {}): Promise<void> {
    if (this.final) return
    await this.#tracker.connection.request('DELETE', this.#path, { query: this.#query, ...options }).catch((error) => {
      if (!(error instanceof NotFoundError)) throw error
    })
  }

  #failure(): OperationFailedError {
    const cancelled = this.statusCode === cancelledCode
    const words = this.err || this.status
    const message = `the operation "${this.description}" ${cancelled ? 'was cancelled' : 'failed'}: ${words}`
    return new OperationFailedError(message, {
      code: cancelled ? 'operation-cancelled' : 'operation-failed',
      status: this.statusCode,
      path: this.#path,
      server: words,
    })
  }

  /** The path of the operation's WebSockets and the query they need besides their secret. */
  get socket(): { path: string; query: Query } {
    return { path: `${this.#path}/websocket`, query: this.#query }
  }

  toJSON(): object {
    return { url: this.url, ...this.#record.state }
  }
}
