// Tokens: fetched when they are needed, kept, and fetched again once a server refuses them.
import { InvalidRequestError } from '../errors.ts'

/** A token, or how to get one. `refused` is the token that the server did not take: a cached one is to be renewed. */
export type TokenSource = string | ((request: { refused?: string }) => string | Promise<string>)

export class Authorization {
  readonly #scheme: string
  readonly #source: TokenSource
  #token: Promise<string> | undefined

  /** @param scheme what the header begins with, up to the token */
  constructor(scheme: string, source: TokenSource) {
    this.#scheme = scheme
    this.#source = source
  }

  /** The header's value. Who asks at the same time shares one fetch, so an abort of one does not end it for the others. */
  async header(): Promise<string> {
    this.#token ??= this.#fetch()
    return `${this.#scheme}${await this.#token}`
  }

  /** After a refusal of `header`: whether there may be another token now. */
  renew(header: string): boolean {
    if (typeof this.#source === 'string') return false
    const refused = header.slice(this.#scheme.length)
    const known = this.#token
    const renewed = (async () => {
      // Somebody else may have been refused before, and has renewed it.
      const latest = await known
      return latest === refused || latest === undefined ? this.#fetch(refused) : latest
    })()
    this.#token = renewed
    return true
  }

  async #fetch(refused?: string): Promise<string> {
    try {
      const token = typeof this.#source === 'string' ? this.#source : await this.#source({ refused })
      // What ends a header's line must not come from outside.
      if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
        throw new InvalidRequestError('a token is a text of printable letters without blanks', {
          code: 'invalid-request',
        })
      return token
    } catch (error) {
      this.#token = undefined
      throw error
    }
  }
}
