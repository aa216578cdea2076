// A new secret (NATS token, TURN secret, macaroon root key): who accepts it knows both before anybody shows the new one.
// The store keeps the two values as secrets of their own beside it, NAME.old and NAME.new, as long as the rotation lasts.
import type { Authority } from '../authority/authority.ts'
import { InvalidRequestError, SecretConflictError, SecretMissingError } from '../errors.ts'
import type { Recipe } from '../secrets/generate.ts'
import type { SecretStore } from '../secrets/store.ts'
import { type Phase, phaseNames, type Ref } from './plan.ts'
import type { Work, Workplace } from './work.ts'

export class SecretWork implements Work {
  readonly #place: Workplace
  readonly #store: SecretStore
  readonly #name: string
  readonly #overlapSeconds: number

  constructor(place: Workplace, store: SecretStore | undefined, name: string, overlapSeconds: number) {
    if (!store) throw new InvalidRequestError(`the store of the secrets is needed to rotate "${name}"`)
    this.#place = place
    this.#store = store
    this.#name = name
    this.#overlapSeconds = overlapSeconds
  }

  async check(): Promise<void> {
    this.#read(this.#name)
  }

  async prepare(): Promise<void> {
    this.#create('old', { value: this.#read(this.#name) })
    this.#create('new', { generate: recipeOf(this.#read(this.#name)) })
  }

  issuer(): Promise<Authority> {
    return this.#place.authority()
  }

  /** What the store itself gives to those who ask it. */
  async enter(phase: Phase): Promise<void> {
    const switched = phaseNames.indexOf(phase) >= phaseNames.indexOf('switch')
    const value = this.#read(`${this.#name}.${switched ? 'new' : 'old'}`)
    if (this.#read(this.#name) !== value)
      this.#store.rotate(this.#name, { value, overlapSeconds: Math.max(this.#overlapSeconds, 3600) })
  }

  async text(ref: Ref): Promise<string> {
    const side = ref === 'secret new' ? 'new' : 'old'
    return `${this.#read(`${this.#name}.${side}`)}\n`
  }

  async finish(): Promise<void> {
    await this.discard()
  }

  async discard(): Promise<void> {
    const owner = this.#store.describe(this.#name).owner
    for (const { revision } of this.#store.get(this.#name, { as: owner }).also)
      this.#store.remove(this.#name, { revision })
    for (const side of ['old', 'new']) {
      try {
        this.#store.remove(`${this.#name}.${side}`)
      } catch (error) {
        if (!(error instanceof SecretMissingError)) throw error
      }
    }
  }

  #read(name: string): string {
    return this.#store.get(name, { as: this.#store.describe(name).owner }).value.reveal()
  }

  #create(side: 'old' | 'new', made: { value: string } | { generate: Recipe }): void {
    const { owner } = this.#store.describe(this.#name)
    try {
      this.#store.create(owner, `${this.#name}.${side}`, made)
    } catch (error) {
      if (!(error instanceof SecretConflictError)) throw error
    }
  }
}

/** As long as the old one and in its alphabet: whoever takes that takes this. */
function recipeOf(value: string): Recipe {
  const within = (bytes: number) => Math.min(1024, Math.max(16, Math.floor(bytes)))
  if (/^[0-9a-f]+$/.test(value)) return { bytes: within(value.length / 2), format: 'hex' }
  const format = /[+/=]/.test(value) ? 'base64' : 'base64url'
  return { bytes: within((value.replaceAll('=', '').length * 3) / 4), format }
}
