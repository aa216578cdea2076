// A new root: made beside the old one, certified by it (the cross-signed root), and certifying every intermediate a second
// time with the same subject and key. A leaf of before is then good below either root, with the right chain.
import type { KeyObject } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Authority } from '../authority/authority.ts'
import { completeCa, loadCa } from '../authority/ca.ts'
import type { KeyType } from '../authority/key.ts'
import { isPurpose, type Purpose } from '../authority/profile.ts'
import { readSettings } from '../authority/settings.ts'
import { privateDirectory, readIfThere, replaceFile, writeNew } from '../authority/storage.ts'
import { type Trust, writeTrust } from '../authority/trust.ts'
import { AuthorityDamagedError, RootOfflineError } from '../errors.ts'
import { copyCertificate } from './copy.ts'
import { type Phase, phaseNames, type Ref } from './plan.ts'
import { succeed } from './retire.ts'
import type { Work, Workplace } from './work.ts'

export type RootOptions = {
  /** Type of the new root's key; that of the authority unless said. */
  key?: KeyType
  /** Where the root's key is, when it is kept elsewhere; the new root is made in `next` there. */
  rootDirectory?: string
  /** Do not keep the old root's key. */
  destroyKey?: boolean
}

export class RootWork implements Work {
  readonly #place: Workplace
  readonly #options: RootOptions

  constructor(place: Workplace, options: RootOptions) {
    this.#place = place
    this.#options = options
  }

  async check(): Promise<void> {
    await this.#old()
  }

  async prepare(): Promise<void> {
    const place = this.#place
    if (!(await this.#isMade())) {
      const issuer = await this.#old()
      const settings = await readSettings(place.directory)
      const next = await completeCa(this.#nursery, {
        key: this.#options.key ?? settings?.key ?? 'rsa-4096',
        sign: (key) => copyCertificate({ model: issuer.certificate, key, issuer: { key } }),
      })
      if (!next.key) throw new RootOfflineError(`the new root's key is not in ${this.#nursery}`)
      const upper = { key: next.key, certificate: next.certificate }
      await privateDirectory(place.at('intermediates'))
      await writeNew(place.at('old-root.crt'), issuer.certificate, 'public')
      for (const purpose of await this.#purposes()) {
        const path = place.at('intermediates', `${purpose}.crt`)
        if ((await readIfThere(path)) !== undefined) continue
        const model = await needed(place.of(purpose, 'ca.crt'))
        await writeNew(path, await copyCertificate({ model, issuer: upper }), 'public')
      }
      if ((await readIfThere(place.at('cross.crt'))) === undefined)
        await writeNew(place.at('cross.crt'), await copyCertificate({ model: next.certificate, issuer }), 'public')
      // Last: where it stands, all stands.
      await writeNew(place.at('root.crt'), next.certificate, 'public')
    }
  }

  issuer(): Promise<Authority> {
    // The intermediates keep their keys, so it does not matter under which root.
    return this.#place.authority()
  }

  async enter(phase: Phase): Promise<void> {
    await writeTrust(this.#place.directory, await this.#trust(phase))
  }

  async text(ref: Ref): Promise<string> {
    const { at, of } = { at: this.#place.at.bind(this.#place), of: this.#place.of.bind(this.#place) }
    if (ref === 'root old') return needed(at('old-root.crt'))
    if (ref === 'root new') return needed(at('root.crt'))
    if (ref === 'cross') return needed(at('cross.crt'))
    const [kind, purpose = '', side] = ref.split(' ')
    if (kind === 'intermediate')
      return needed(side === 'old' ? of(purpose, 'ca.crt') : at('intermediates', `${purpose}.crt`))
    throw new Error(`the rotation of a root has no ${ref}`)
  }

  async finish(): Promise<void> {
    const place = this.#place
    const old = await needed(place.at('old-root.crt'))
    const certificate = await needed(place.at('root.crt'))
    const { rootDirectory, destroyKey } = this.#options
    const key = await readIfThere(join(this.#nursery, 'ca.key'))
    if (key === undefined && (await readIfThere(join(this.#home, 'ca.crt'))) !== certificate)
      throw new RootOfflineError(`the new root's key is not in ${this.#nursery}: name the directory it is in`)
    for (const purpose of await this.#purposes()) {
      const [before, after] = [
        await needed(place.of(purpose, 'ca.crt')),
        await this.text(`intermediate ${purpose} new`),
      ]
      if (before !== after)
        await succeed(place.of(purpose), {
          old: before,
          next: { certificate: after },
          retired: place.of('retired', purpose),
        })
    }
    const retired = place.of('retired/root')
    if (rootDirectory === undefined) {
      await succeed(place.of('root'), { old, next: { certificate, key }, retired, destroyKey })
    } else {
      await succeed(rootDirectory, {
        old,
        next: { certificate, key },
        retired: join(rootDirectory, 'retired'),
        destroyKey,
      })
      await succeed(place.of('root'), { old, next: { certificate }, retired })
    }
    // Who was away all the time still knows the old root only.
    await replaceFile(place.of('root/cross.crt'), await needed(place.at('cross.crt')), 'public')
    await writeTrust(place.directory, undefined)
    await rm(this.#nursery, { recursive: true, force: true })
  }

  async discard(): Promise<void> {
    await rm(this.#nursery, { recursive: true, force: true })
  }

  async #trust(phase: Phase): Promise<Trust | undefined> {
    const reached = (wanted: Phase) => phaseNames.indexOf(phase) >= phaseNames.indexOf(wanted)
    if (!reached('distribute')) return undefined
    const purposes = await this.#purposes()
    const each = <T>(make: (purpose: Purpose) => T) => Object.fromEntries(purposes.map((one) => [one, make(one)]))
    const chain = (purpose: Purpose) => [`rotation/intermediates/${purpose}.crt`, 'rotation/cross.crt']
    return {
      root: reached('switch') ? 'rotation/root.crt' : 'root/ca.crt',
      anchors: reached('drop') ? ['rotation/root.crt'] : ['rotation/old-root.crt', 'rotation/root.crt'],
      intermediates: reached('switch') ? each((purpose) => ({ key: `${purpose}/ca.key`, chain: chain(purpose) })) : {},
      trusted: reached('drop') ? {} : each((purpose) => [`${purpose}/ca.crt`]),
      crossed: 'rotation/cross.crt',
    }
  }

  async #old(): Promise<{ certificate: string; key: KeyObject }> {
    const { certificate, key } = (await loadCa(this.#home)) ?? {}
    if (!certificate || !key) throw new RootOfflineError(`the old root's key is needed: it is not in ${this.#home}`)
    return { certificate, key }
  }

  async #isMade(): Promise<boolean> {
    return (await readIfThere(this.#place.at('root.crt'))) !== undefined
  }

  async #purposes(): Promise<Purpose[]> {
    const settings = await readSettings(this.#place.directory)
    const there = await readdir(this.#place.directory)
    return (settings?.purposes ?? ['control']).filter((purpose) => isPurpose(purpose) && there.includes(purpose))
  }

  /** Where the old root and its key are. */
  get #home(): string {
    return this.#options.rootDirectory ?? this.#place.of('root')
  }

  /** Where the new one is until it takes the old one's place. */
  get #nursery(): string {
    const { rootDirectory } = this.#options
    return rootDirectory === undefined ? this.#place.at('root') : join(rootDirectory, 'next')
  }
}

/** @throws {AuthorityDamagedError} when the file is gone */
export async function needed(path: string): Promise<string> {
  const text = await readIfThere(path)
  if (text === undefined) throw new AuthorityDamagedError(`${path} is missing; restore it from a backup`)
  return text
}
