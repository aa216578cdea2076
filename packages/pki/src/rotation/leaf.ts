// A new key and certificate for one consumer. Who trusts the leaf by itself knows both before the new one is shown.
import { X509Certificate } from 'node:crypto'
import type { Authority } from '../authority/authority.ts'
import { fingerprintOf } from '../authority/certificate.ts'
import { leafOf } from './leaves.ts'
import type { Work, Workplace } from './work.ts'

export class LeafWork implements Work {
  readonly #place: Workplace
  readonly #subject: { consumer: string; revoke: boolean }

  constructor(place: Workplace, subject: { consumer: string; revoke: boolean }) {
    this.#place = place
    this.#subject = subject
  }

  async check(): Promise<void> {}

  async prepare(): Promise<void> {}

  issuer(): Promise<Authority> {
    return this.#place.authority()
  }

  async enter(): Promise<void> {}

  async text(ref: string): Promise<string> {
    const [kind, purpose] = ref.split(' ')
    const authority = await this.#place.authority()
    const found = authority.purposes.find((one) => one === purpose)
    if (kind !== 'intermediate' || !found) throw new Error(`the rotation of a leaf has no ${ref}`)
    return authority.chain(found)
  }

  async finish(): Promise<void> {
    const { consumer, revoke } = this.#subject
    if (!revoke) return
    const old = new X509Certificate(await leafOf(consumer, 'old', this.#place))
    await (await this.#place.authority()).revoke(fingerprintOf(old), 'superseded')
  }

  /** The new one was never shown, or is shown no more. */
  async discard(): Promise<void> {
    const { consumer } = this.#subject
    const made = await leafOf(consumer, 'new', this.#place).catch(() => undefined)
    if (made === undefined) return
    await (await this.#place.authority()).revoke(fingerprintOf(new X509Certificate(made)), 'superseded')
  }
}
