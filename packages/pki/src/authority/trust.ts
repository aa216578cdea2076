// DIRECTORY/trust.json: there while a root or an intermediate is being changed. It says which files stand in for the usual
// ones, and is replaced in one step, so all that an authority hands out changes in one step too.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AuthorityDamagedError } from '../errors.ts'
import type { Ca } from './ca.ts'
import { splitPem } from './certificate.ts'
import { keyFromPem } from './key.ts'
import { isPurpose, type Purpose } from './profile.ts'
import { readIfThere, replaceFile, syncDirectory } from './storage.ts'

/** All paths are relative to the directory of the authority. */
export type Trust = {
  /** The certificate of the root that the intermediates are below. */
  root: string
  /** Certificates of the roots that members of the deployment trust. */
  anchors: string[]
  /** Intermediates that are not the usual: key, and what follows a leaf, its own certificate first. */
  intermediates: Partial<Record<Purpose, { key: string; chain: string[] }>>
  /** Certificates of the intermediates of a purpose that are trusted, for those that trust nothing else; its own unless said. */
  trusted?: Partial<Record<Purpose, string[]>>
  /** The intermediate of a purpose beside the one that signs, while either's leaves are about. */
  beside?: Partial<Record<Purpose, { key: string; chain: string[] }>>
  /** The new root's key, certified by the old root; that of the last rotation unless said. */
  crossed?: string
}

/** @throws {AuthorityDamagedError} when the file is not what it should be */
export async function readTrust(directory: string): Promise<Trust | undefined> {
  const text = await readIfThere(pathOf(directory))
  if (text === undefined) return undefined
  try {
    const { version, root, anchors, intermediates, trusted = {}, beside = {}, crossed } = JSON.parse(text)
    const fine = version === 1 && typeof root === 'string' && Array.isArray(anchors) && anchors.length > 0
    if (fine && Object.keys(intermediates).every(isPurpose))
      return { root, anchors, intermediates, trusted, beside, ...(typeof crossed === 'string' && { crossed }) }
  } catch {
    // Said below.
  }
  throw new AuthorityDamagedError(`${pathOf(directory)} is not what a rotation writes; restore it from a backup`)
}

/** Writes it, or takes it away where the usual files count again. */
export async function writeTrust(directory: string, trust: Trust | undefined): Promise<void> {
  if (trust) {
    await replaceFile(pathOf(directory), `${JSON.stringify({ version: 1, ...trust })}\n`, 'public')
    return
  }
  await rm(pathOf(directory), { force: true })
  await syncDirectory(directory)
}

/** PEM of several certificate files. @throws {AuthorityDamagedError} when one is gone or is none */
export async function readAll(directory: string, files: readonly string[]): Promise<string> {
  const texts = await Promise.all(files.map(async (file) => splitPem((await readIfThere(join(directory, file))) ?? '')))
  const missing = files.find((_, index) => texts[index]?.length === 0)
  if (missing !== undefined)
    throw new AuthorityDamagedError(`${join(directory, missing)} holds no certificate; restore it from a backup`)
  return texts.flat().join('')
}

/** PEM of the roots that this authority had before, and of the one that a rotation is about to replace. */
export async function formerRoots(directory: string): Promise<string> {
  const retired = await readdir(join(directory, 'retired')).catch(() => [])
  const files = retired.filter((name) => name.startsWith('root-')).map((name) => join('retired', name, 'ca.crt'))
  const texts = [...files, 'root/ca.crt'].map((file) => readIfThere(join(directory, file)))
  return (await Promise.all(texts)).join('')
}

/** An intermediate whose files are elsewhere. */
export async function loadChanged(directory: string, files: { key: string; chain: string[] }): Promise<Ca> {
  const chain = await readAll(directory, files.chain)
  const [certificate = ''] = splitPem(chain)
  const key = await readIfThere(join(directory, files.key))
  return { certificate, chain, ...(key !== undefined && { key: keyFromPem(key) }) }
}

function pathOf(directory: string): string {
  return join(directory, 'trust.json')
}
