// DIRECTORY/authority.json: how an authority was meant to be made. It is written first, so that whoever goes on with a
// creation that was cut short makes the same one.
import { join } from 'node:path'
import { AuthorityConflictError, AuthorityDamagedError, InvalidRequestError } from '../errors.ts'
import { isKeyType, type KeyType } from './key.ts'
import { isPurpose, type Purpose, purposes } from './profile.ts'
import { checkKeyType } from './request.ts'
import { readIfThere, replaceFile, writeNew } from './storage.ts'

export type Settings = {
  version: 1
  name: string
  key: KeyType
  /** The intermediates it has or is about to have; absent from an authority of version 0.1, which has `control` only. */
  purposes?: Purpose[]
}

// The subject's longest part, "NAME messaging 01234567", must stay within X.520's 64 characters.
const namePattern = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._-]{0,38}[\p{L}\p{N}])?$/u

/**
 * Fixes the settings of a directory, or reads those that are fixed.
 * @throws {AuthorityConflictError} when others are fixed than are asked for
 */
export async function fixSettings(
  directory: string,
  wanted: { name?: string; key?: KeyType; purposes?: readonly Purpose[] },
): Promise<Settings> {
  const settings: Settings = {
    version: 1,
    name: wanted.name ?? 'Anbox Edge',
    key: checkKeyType(wanted.key ?? 'rsa-4096'),
    purposes: [...(wanted.purposes ?? purposes)],
  }
  if (!namePattern.test(settings.name)) {
    throw new InvalidRequestError(
      `"${settings.name}" is no name of an authority: 1 to 40 letters, digits, spaces, ".", "_" and "-"`,
    )
  }
  if (await writeNew(pathOf(directory), `${JSON.stringify(settings)}\n`, 'public')) return settings
  const fixed = await readSettings(directory)
  if (!fixed) throw new AuthorityDamagedError(`${pathOf(directory)} went away while it was read`)
  for (const field of ['name', 'key'] as const) {
    if (wanted[field] !== undefined && wanted[field] !== fixed[field]) {
      throw new AuthorityConflictError(
        `${directory} already holds the authority "${fixed.name}" with ${fixed.key} keys; its ${field} cannot become ${wanted[field]}`,
      )
    }
  }
  return fixed
}

/** Adds purposes, before their intermediates are made. To be called under the directory's lock. */
export async function addPurposes(directory: string, added: readonly Purpose[]): Promise<Settings> {
  const settings = await readSettings(directory)
  if (!settings) throw new AuthorityDamagedError(`${pathOf(directory)} went away while it was read`)
  const all = new Set([...(settings.purposes ?? ['control']), ...added])
  const next = { ...settings, purposes: purposes.filter((purpose) => all.has(purpose)) }
  await replaceFile(pathOf(directory), `${JSON.stringify(next)}\n`, 'public')
  return next
}

/** The settings of a directory, or nothing if no authority was begun there. */
export async function readSettings(directory: string): Promise<Settings | undefined> {
  const text = await readIfThere(pathOf(directory))
  if (text === undefined) return undefined
  try {
    const { version, name, key, purposes }: Record<string, unknown> = JSON.parse(text)
    const known = Array.isArray(purposes) ? purposes.filter((one) => isPurpose(String(one))) : undefined
    if (version === 1 && typeof name === 'string' && typeof key === 'string' && isKeyType(key))
      return { version, name, key, ...(known && { purposes: known }) }
  } catch {
    // Said below: it is damaged either way.
  }
  throw new AuthorityDamagedError(`${pathOf(directory)} is not the settings of an authority (version 1)`)
}

function pathOf(directory: string): string {
  return join(directory, 'authority.json')
}
