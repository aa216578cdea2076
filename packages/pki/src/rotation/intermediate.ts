// A new intermediate of one purpose, with a new key, under the root that is there. The old one's leaves stay good; the
// new one signs from `switch` on.
import { type KeyObject, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { type Authority, type Issued, openAuthority } from '../authority/authority.ts'
import { completeCa, loadCa } from '../authority/ca.ts'
import { fingerprintOf } from '../authority/certificate.ts'
import type { Purpose } from '../authority/profile.ts'
import { readSettings } from '../authority/settings.ts'
import { privateDirectory, readIfThere, writeNew } from '../authority/storage.ts'
import { type Trust, writeTrust } from '../authority/trust.ts'
import { RootOfflineError } from '../errors.ts'
import { copyCertificate } from './copy.ts'
import { type Phase, phaseNames, type Ref } from './plan.ts'
import { retire, succeed } from './retire.ts'
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
    await this.#list()
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
    await this.#list()
  }

  /** What was made for the consumers was never shown, or is shown no more. Somebody else may hold leaves of the new one. */
  async discard(): Promise<void> {
    const { purpose } = this.#options
    const place = this.#place
    const made = await loadCa(this.#nursery)
    if (made?.key) {
      const authority = await place.authority()
      const issuer = new X509Certificate(made.certificate)
      for (const fingerprint of await newLeaves(place)) await authority.revoke(fingerprint, 'superseded')
      const { certificate, key } = { ...made, key: await needed(`${this.#nursery}/ca.key`) }
      const left = await goodLeaves(authority, issuer)
      if (left.length > 0) await retire(place.of('retired', purpose), { certificate, key })
    }
    await writeTrust(place.directory, undefined)
    await this.#list()
  }

  /** Has the lists of before and after where others look for them. */
  async #list(): Promise<void> {
    const authority = await this.#place.authority()
    await authority.crl(this.#options.purpose, { renew: true })
  }

  async #root(): Promise<{ certificate: string; key: KeyObject }> {
    const home = this.#options.rootDirectory ?? this.#place.of('root')
    const { certificate, key } = (await loadCa(home)) ?? {}
    if (certificate && key) return { certificate, key }
    throw new RootOfflineError(`the root's key is needed to make an intermediate: it is not in ${home}`)
  }

  #trust(phase: Phase): Trust {
    const reached = (wanted: Phase) => phaseNames.indexOf(phase) >= phaseNames.indexOf(wanted)
    const { purpose } = this.#options
    const [old, next] = ['rotation/old.crt', 'rotation/intermediate/ca.crt']
    const files = {
      old: { key: `${purpose}/ca.key`, chain: [old] },
      next: { key: 'rotation/intermediate/ca.key', chain: [next] },
    }
    const trusted = reached('distribute') ? [old, next] : [old]
    return {
      root: 'root/ca.crt',
      anchors: ['root/ca.crt'],
      intermediates: reached('switch') ? { [purpose]: files.next } : {},
      trusted: { [purpose]: reached('drop') ? [next] : trusted },
      // From the first phase on, and on the way back to its end: a list must be about before a leaf needs it.
      beside: { [purpose]: reached('switch') ? files.old : files.next },
    }
  }

  get #nursery(): string {
    return this.#place.at('intermediate')
  }
}

/** Revokes every leaf of an intermediate that has not ended. */
async function revokeAll(authority: Authority, issuer: X509Certificate): Promise<void> {
  for (const { serial } of await goodLeaves(authority, issuer)) await authority.revoke(serial, 'superseded')
}

/** What it signed that has not ended and is not revoked. */
async function goodLeaves(authority: Authority, issuer: X509Certificate): Promise<Issued[]> {
  const found: Issued[] = []
  for (const one of await authority.list()) {
    if (one.revoked || one.notAfter <= new Date()) continue
    const pem = await readIfThere(`${authority.directory}/${one.purpose}/issued/${one.serial}.crt`)
    if (pem !== undefined && new X509Certificate(pem).verify(issuer.publicKey)) found.push(one)
  }
  return found
}

/** SHA-256 of every leaf that was made for a consumer. */
async function newLeaves(place: Workplace): Promise<string[]> {
  const consumers = await readdir(place.at('consumers')).catch((): string[] => [])
  const files = consumers.map(async (name) => {
    const names = await readdir(place.after(name)).catch((): string[] => [])
    return names
      .filter((file) => file.endsWith('.crt') && file !== 'ca.crt')
      .map((file) => `${place.after(name)}/${file}`)
  })
  const leaves = (await Promise.all(files)).flat().map(needed)
  return (await Promise.all(leaves)).map((pem) => fingerprintOf(new X509Certificate(pem)))
}
