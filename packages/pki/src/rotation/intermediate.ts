// A new intermediate of one purpose, with a new key, under the root that is there. The old one's leaves stay good; the
// new one signs from `switch` on.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { type Authority, openAuthority } from '../authority/authority.ts'
import { completeCa, loadCa } from '../authority/ca.ts'
import type { Purpose } from '../authority/profile.ts'
import { readSettings } from '../authority/settings.ts'
import { privateDirectory, readIfThere, writeNew } from '../authority/storage.ts'
import { type Trust, writeTrust } from '../authority/trust.ts'
import { RootOfflineError } from '../errors.ts'
import { copyCertificate } from './copy.ts'
import { type Phase, phaseNames, type Ref } from './plan.ts'
import { succeed } from './retire.ts'
import { needed } from './root.ts'
import type { Work, Workplace } from './work.ts'

export type IntermediateOptions = {
  purpose: Purpose
  /** Revoke what the old one signed and has not ended, when the rotation finishes. */
  revoke: boolean
  rootDirectory?: string
}

export class IntermediateWork implements Work {
  readonly #place: Workplace
  readonly #options: IntermediateOptions

  constructor(place: Workplace, options: IntermediateOptions) {
    this.#place = place
    this.#options = options
  }

  async check(): Promise<void> {
    await this.#root()
  }

  async prepare(): Promise<void> {
    const { purpose } = this.#options
    const [place, directory] = [this.#place, this.#nursery]
    if ((await readIfThere(`${directory}/ca.crt`)) !== undefined) return
    const model = await needed(place.of(purpose, 'ca.crt'))
    const issuer = await this.#root()
    const settings = await readSettings(place.directory)
    await privateDirectory(place.at())
    await writeNew(place.at('old.crt'), model, 'public')
    await completeCa(directory, {
      key: settings?.key ?? 'rsa-4096',
      sign: (own) => copyCertificate({ model, key: own, issuer }),
    })
  }

  issuer(): Promise<Authority> {
    return openAuthority(this.#place.directory, this.#trust('switch'))
  }

  async enter(phase: Phase): Promise<void> {
    await writeTrust(this.#place.directory, this.#trust(phase))
  }

  async text(ref: Ref): Promise<string> {
    const { purpose } = this.#options
    if (ref === 'root old') return needed(this.#place.of('root/ca.crt'))
    const [kind, of = '', side] = ref.split(' ')
    if (kind !== 'intermediate') throw new Error(`the rotation of an intermediate has no ${ref}`)
    if (of !== purpose) return needed(this.#place.of(of, 'ca.crt'))
    return needed(side === 'old' ? this.#place.at('old.crt') : `${this.#nursery}/ca.crt`)
  }

  async finish(): Promise<void> {
    const { purpose, revoke } = this.#options
    const place = this.#place
    const old = await needed(place.at('old.crt'))
    if (revoke) await revokeAll(await place.authority(), new X509Certificate(old))
    const next = { certificate: await needed(`${this.#nursery}/ca.crt`), key: await needed(`${this.#nursery}/ca.key`) }
    await succeed(place.of(purpose), { old, next, retired: place.of('retired', purpose) })
    await writeTrust(place.directory, undefined)
  }

  async discard(): Promise<void> {}

  async #root(): Promise<{ certificate: string; key: KeyObject }> {
    const home = this.#options.rootDirectory ?? this.#place.of('root')
    const { certificate, key } = (await loadCa(home)) ?? {}
    if (certificate && key) return { certificate, key }
    throw new RootOfflineError(`the root's key is needed to make an intermediate: it is not in ${home}`)
  }

  #trust(phase: Phase): Trust | undefined {
    const reached = (wanted: Phase) => phaseNames.indexOf(phase) >= phaseNames.indexOf(wanted)
    if (!reached('distribute')) return undefined
    const { purpose } = this.#options
    const [old, next] = ['rotation/old.crt', 'rotation/intermediate/ca.crt']
    return {
      root: 'root/ca.crt',
      anchors: ['root/ca.crt'],
      intermediates: reached('switch') ? { [purpose]: { key: 'rotation/intermediate/ca.key', chain: [next] } } : {},
      trusted: { [purpose]: reached('drop') ? [next] : [old, next] },
    }
  }

  get #nursery(): string {
    return this.#place.at('intermediate')
  }
}

/** Revokes every leaf of an intermediate that has not ended. */
async function revokeAll(authority: Authority, issuer: X509Certificate): Promise<void> {
  for (const { serial, notAfter, revoked, purpose } of await authority.list()) {
    if (revoked || notAfter <= new Date()) continue
    const pem = await readIfThere(`${authority.directory}/${purpose}/issued/${serial}.crt`)
    if (pem !== undefined && new X509Certificate(pem).verify(issuer.publicKey))
      await authority.revoke(serial, 'superseded')
  }
}
