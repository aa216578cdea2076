// Makes an authority: settings, root, then the intermediate. Each step stands on the disk before the next one begins, and
// each is skipped when it stands there already, so whoever comes after a SIGKILL goes on where it fell.
import { createHash, type KeyObject } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AuthorityDamagedError, ClockWrongError } from '../errors.ts'
import { type Authority, openAuthority } from './authority.ts'
import { completeCa } from './ca.ts'
import { buildCertificate, makeSerial, publicKeyDer } from './certificate.ts'
import type { KeyType } from './key.ts'
import { backdated } from './request.ts'
import { fixSettings } from './settings.ts'
import { privateDirectory, readIfThere, sweepTemporary } from './storage.ts'

export type CreateOptions = {
  /** What the subjects of root and intermediate begin with; `Anbox Edge` unless said. */
  name?: string
  /** The type of both keys, and of leaf keys unless said otherwise there; `rsa-4096` unless said. */
  key?: KeyType
  /** Told before each key is made: RSA takes seconds on a small machine. */
  onKey?: (ca: 'root' | 'control', type: KeyType) => void
}

const written = Date.UTC(2026, 0, 1)
const rootYears = 10
const intermediateYears = 5
// Room for one intermediate below a new root that the old one signs while the roots are changed.
const rootPathLength = 2

/**
 * Makes an authority in a directory (0700), opens the one that is there, or finishes one that was begun. Safe to call at
 * any time from several processes: all get the same authority.
 *
 * @throws {AuthorityConflictError} when the one that is there has another name or type of key than asked for
 * @throws {AuthorityDamagedError} when a file of it is lost or is not what it should be
 * @throws {UnsafeDirectoryError} when others may enter the directory
 * @throws {ClockWrongError} when the clock is obviously behind
 */
export async function createAuthority(directory: string, options: CreateOptions = {}): Promise<Authority> {
  const now = new Date()
  if (now.getTime() < written) throw new ClockWrongError(now)
  await privateDirectory(directory)
  await sweepTemporary(directory)
  const { name, key: type } = await fixSettings(directory, options)
  const subject = (role: string, key: KeyObject) => ({
    organization: name,
    commonName: `${name} ${role} ${shortId(key)}`,
  })
  const make = (role: 'root' | 'control') => ({ key: type, onKey: () => options.onKey?.(role, type) })

  await refuseLoss(directory)
  const root = await completeCa(join(directory, 'root'), {
    ...make('root'),
    sign: (key) => {
      const use = { pathLength: rootPathLength }
      const content = {
        subject: subject('root', key),
        publicKey: key,
        serial: makeSerial(),
        ...lifetime(now, rootYears),
        use,
      }
      return buildCertificate(content, { key })
    },
  })
  await privateDirectory(join(directory, 'control/issued'))
  await sweepTemporary(join(directory, 'control/issued'))
  await completeCa(join(directory, 'control'), {
    ...make('control'),
    sign: (key) => {
      if (!root.key)
        throw new AuthorityDamagedError(`${join(directory, 'root/ca.key')} is needed to make the intermediate`)
      const use = { pathLength: 0 }
      const content = {
        subject: subject('control', key),
        publicKey: key,
        serial: makeSerial(),
        ...lifetime(now, intermediateYears),
        use,
      }
      return buildCertificate(content, { key: root.key, certificate: root.certificate })
    },
  })
  return openAuthority(directory)
}

/** What was signed by a lost CA certificate must not be answered with a new CA. What is signed later is looked at first. */
async function refuseLoss(directory: string): Promise<void> {
  const [root, control] = [join(directory, 'root/ca.crt'), join(directory, 'control/ca.crt')]
  const issued = await readdir(join(directory, 'control/issued')).catch(() => [])
  const begun = (await readIfThere(join(directory, 'control/ca.key'))) !== undefined
  const lost = [issued.length > 0 ? control : undefined, begun ? root : undefined].filter((path) => path !== undefined)
  for (const path of lost) {
    if ((await readIfThere(path)) === undefined)
      throw new AuthorityDamagedError(`${path} is missing; restore it from a backup`)
  }
}

/** Tells two CAs of the same name apart, for people and for OpenSSL's search by subject. */
function shortId(key: KeyObject): string {
  return createHash('sha256').update(publicKeyDer(key)).digest('hex').slice(0, 8)
}

function lifetime(now: Date, years: number): { notBefore: Date; notAfter: Date } {
  const notAfter = new Date(now)
  notAfter.setUTCFullYear(now.getUTCFullYear() + years)
  return { notBefore: backdated(now), notAfter }
}
