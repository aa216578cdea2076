// A secret in memory: it shows itself only to who asks with `reveal()`. Printing, joining and serialising show a placeholder.
import { inspect } from 'node:util'

const placeholder = '[secret]'

export class SecretText {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }

  /** The secret itself: for files of mode 0600 and for standard input of a child, never for a log or a command line. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return placeholder
  }

  toJSON(): string {
    return placeholder
  }

  [inspect.custom](): string {
    return placeholder
  }
}
