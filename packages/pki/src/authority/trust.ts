// DIRECTORY/trust.json: there while a root or an intermediate is being changed. It says which files stand in for the usual
// ones, and is replaced in one step, so all that an authority hands out changes in one step too.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AuthorityDamagedError } from '../errors.ts'
import { isPurpose, type Purpose } from './profile.ts'
import { readIfThere, replaceFile, syncDirectory } from './storage.ts'

/** All paths are relative to the directory of the authority. */
export type Trust = {
  /** The directory of the root that signs. */
  root: string
  /** Certificates of the roots that members of the deployment trust, the one in `root` among them. */
  anchors: string[]
  /** Intermediates that are not the usual: key, and what follows a leaf, its own certificate first. */
  intermediates: Partial<Record<Purpose, { key: string; chain: string[] }>>
}

/** @throws {AuthorityDamagedError} when the file is not what it should be */
export async function readTrust(directory: string): Promise<Trust | undefined> {
  const text = await readIfThere(pathOf(directory))
  if (text === undefined) return undefined
  try {
    const { version, root, anchors, intermediates } = JSON.parse(text)
    const fine = version === 1 && typeof root === 'string' && Array.isArray(anchors) && anchors.length > 0
    if (fine && Object.keys(intermediates).every(isPurpose)) return { root, anchors, intermediates }
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

function pathOf(directory: string): string {
  return join(directory, 'trust.json')
}
