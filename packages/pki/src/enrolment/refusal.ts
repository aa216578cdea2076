/** The server says no: the HTTP status, and words for whoever asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** Seconds to wait before asking again. */
  readonly retryAfter: number | undefined
  constructor(status: number, message: string, retryAfter?: number) {
    super(message)
    this.status = status
    this.retryAfter = retryAfter
  }
}
