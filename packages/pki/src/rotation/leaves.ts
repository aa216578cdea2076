// The leaves of a rotation's consumers: what they had before, kept so that the way back is open, and what they get.
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Authority } from '../authority/authority.ts'
import { splitPem, summarize } from '../authority/certificate.ts'
import { ensureCredential } from '../authority/ensure.ts'
import { keyTypeOf } from '../authority/key.ts'
import { type Purpose, profiles } from '../authority/profile.ts'
import type { CertificateRequest, KeyRequest } from '../authority/request.ts'
import { privateDirectory, readIfThere, writeNew } from '../authority/storage.ts'
import { InvalidRequestError } from '../errors.ts'
import type { Consumer } from './consumer.ts'
import type { Side } from './plan.ts'
import { needed } from './root.ts'
import type { Workplace } from './work.ts'

const dayMs = 86_400_000
const backdateMs = 5 * 60_000

/** @throws {InvalidRequestError} when its certificate is not there, or is not one that its purpose's intermediate signed */
export async function checkLeaf({ name, purpose, files }: Consumer, authority: Authority): Promise<void> {
  if (files.certificate === undefined || purpose === undefined) return
  const refuse = (why: string) => new InvalidRequestError(`consumer "${name}": ${files.certificate} ${why}`)
  const [leaf] = splitPem((await readIfThere(files.certificate)) ?? '')
  if (leaf === undefined) throw refuse('holds no certificate')
  if (!new X509Certificate(leaf).verify(new X509Certificate(authority.intermediate(purpose).certificate).publicKey))
    throw refuse(`was not signed by the intermediate of ${purpose}`)
}

/** Keeps the leaf as it is now, and its key where that will be replaced. What was kept once is not touched again. */
export async function keepLeaf({ name, files }: Consumer, withKey: boolean, place: Workplace): Promise<void> {
  if (files.certificate === undefined) return
  const kept = place.before(name)
  await privateDirectory(place.at('consumers', name))
  if (withKey && files.key !== undefined) await writeNew(kept.key, await needed(files.key), 'secret')
  const [leaf = ''] = splitPem(await needed(files.certificate))
  await writeNew(kept.certificate, leaf, 'public')
}

/** Makes the new key and leaf: the names, the type of key and the length of life are those of before. */
export async function makeLeaf({ name, purpose }: Consumer, place: Workplace, issuer: Authority): Promise<void> {
  if (purpose !== undefined) await ensureCredential(issuer, place.after(name), await requestOf(name, purpose, place))
}

/** PEM of a consumer's leaf. */
export async function leafOf(name: string, side: Side, place: Workplace): Promise<string> {
  if (side === 'old') return needed(place.before(name).certificate)
  const [leaf = ''] = splitPem(await needed(join(place.after(name), `${await commonName(name, place)}.crt`)))
  return leaf
}

export async function keyOf(name: string, side: Side, place: Workplace): Promise<string> {
  return needed(
    side === 'old' ? place.before(name).key : join(place.after(name), `${await commonName(name, place)}.key`),
  )
}

async function commonName(name: string, place: Workplace): Promise<string> {
  return summarize(await needed(place.before(name).certificate)).name
}

async function requestOf(name: string, purpose: Purpose, place: Workplace): Promise<CertificateRequest & KeyRequest> {
  const pem = await needed(place.before(name).certificate)
  const { kind, name: common, dns, ip, uri, email, notBefore, notAfter } = summarize(pem)
  // Certificates begin a little in the past: what was added there would be added again each time.
  const life = notAfter.getTime() - notBefore.getTime()
  const days = Math.min((life > 2 * backdateMs ? life - backdateMs : life) / dayMs, profiles[purpose].longest)
  const key = keyTypeOf(new X509Certificate(pem).publicKey)
  return { purpose, kind, name: common, dns, ip, uri, email, days, ...(key && { key }) }
}
