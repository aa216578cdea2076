// Tokens that open the events socket, for browsers, which can send no header with one: a JWT (HS256) with an end.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Seconds. It only has to last from one call to the next. */
const life = 60

export class EventTokens {
  /** Of this run of the agent: what was given out before is worth nothing. */
  readonly #secret = randomBytes(64)

  issue(): string {
    const body = [
      { alg: 'HS256', typ: 'JWT' },
      { aud: 'events', exp: Math.floor(Date.now() / 1000) + life },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${body}.${this.#sign(body)}`
  }

  accepts(token: string): boolean {
    const [head = '', payload = '', signature = ''] = token.split('.')
    const expected = Buffer.from(this.#sign(`${head}.${payload}`))
    const given = Buffer.from(signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false
    // Only what this agent signed comes here.
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number }
    return exp > Date.now() / 1000
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('base64url')
  }
}
