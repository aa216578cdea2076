// The CAs of an authority as they count now: the usual files, or those that a rotation has put in their place.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { AuthorityDamagedError, AuthorityMissingError } from '../errors.ts'
import { type Beside, loadBeside } from './beside.ts'
import { type Ca, loadCa } from './ca.ts'
import type { Purpose } from './profile.ts'
import type { Settings } from './settings.ts'
import { readIfThere } from './storage.ts'
import { loadChanged, readAll, readTrust, type Trust } from './trust.ts'

export type Loaded = {
  root: Ca
  intermediates: ReadonlyMap<Purpose, Ca>
  /** PEM of the roots that are trusted. */
  anchors: string
  /** PEM of the intermediates of a purpose, where more than its own is trusted. */
  trusted: ReadonlyMap<Purpose, string>
  /** The intermediates of a purpose beside the one that signs. */
  beside: ReadonlyMap<Purpose, Beside[]>
  /** PEM of the root's key as the root before certified it, while that has not ended: for who knows only the old one. */
  crossed?: string
}

/** @throws as `openAuthority` */
export async function loadCas(directory: string, settings: Settings, changed?: Trust): Promise<Loaded> {
  for (;;) {
    const trust = changed ?? (await readTrust(directory))
    try {
      return await load(directory, settings, trust)
    } catch (error) {
      // A rotation has gone on between two of the files.
      if (changed || isDeepStrictEqual(await readTrust(directory), trust)) throw error
    }
  }
}

async function load(directory: string, { purposes = ['control'] }: Settings, trust?: Trust): Promise<Loaded> {
  const unfinished = () =>
    new AuthorityMissingError(`the authority in ${directory} was not finished; create it again to go on`)
  const root = trust ? { certificate: await readAll(directory, [trust.root]) } : await loadCa(join(directory, 'root'))
  if (!root) throw unfinished()
  const upper = new X509Certificate(root.certificate)
  const intermediates = new Map<Purpose, Ca>()
  const trusted = new Map<Purpose, string>()
  const beside = new Map<Purpose, Beside[]>()
  const anchors = trust ? await readAll(directory, trust.anchors) : root.certificate
  for (const purpose of purposes) {
    const files = trust?.intermediates[purpose]
    const ca = files ? await loadChanged(directory, files) : await loadCa(join(directory, purpose))
    if (!ca) throw unfinished()
    const lower = new X509Certificate(ca.certificate)
    if (!lower.checkIssued(upper) || !lower.verify(upper.publicKey))
      throw new AuthorityDamagedError(
        `${join(directory, purpose, 'ca.crt')} was not signed by ${join(directory, 'root/ca.crt')}`,
      )
    intermediates.set(purpose, ca)
    trusted.set(purpose, (await readAll(directory, trust?.trusted?.[purpose] ?? [])) || ca.certificate)
    beside.set(purpose, await loadBeside(directory, purpose, { trust, signer: ca.certificate, anchors }))
  }
  const crossed = await readIfThere(join(directory, trust?.crossed ?? 'root/cross.crt'))
  const usable = crossed !== undefined && new X509Certificate(crossed).validToDate > new Date()
  return { root, intermediates, anchors, trusted, beside, ...(usable && { crossed }) }
}
