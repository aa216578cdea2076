// A client that asks again and again, and writes down every time that it was not answered.
import { setTimeout as sleep } from 'node:timers/promises'

export type Failure = { client: string; service: string; from: number; to: number; reason: string }

export class Loop {
  /** As in the table: `etcd, kept` */
  readonly name: string
  readonly service: string
  readonly failures: Failure[] = []
  requests = 0
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>

  constructor(service: string, kind: string, request: () => Promise<void>, pauseMs: number) {
    this.name = `${service}, ${kind}`
    this.service = service
    this.#done = this.#run(request, pauseMs)
  }

  async #run(request: () => Promise<void>, pauseMs: number): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const from = Date.now()
      try {
        await request()
      } catch (error) {
        const { message, code, cause } = error as Error & { code?: string }
        const reason = [message, code, (cause as Error | undefined)?.message].filter(Boolean).join('; ')
        this.failures.push({ client: this.name, service: this.service, from, to: Date.now(), reason })
      }
      this.requests += 1
      await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {})
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }
}
