// Makes an authority: settings, root, then the intermediates. Each step stands on the disk before the next one begins, and
// each is skipped when it stands there already, so whoever comes after a SIGKILL goes on where it fell.
import { createHash, type KeyObject } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AuthorityDamagedError, ClockWrongError, RootOfflineError } from '../errors.ts'
import { AuditLog } from './audit.ts'
import { type Authority, openAuthority } from './authority.ts'
import { type Ca, completeCa } from './ca.ts'
import { buildCertificate, makeSerial, publicKeyDer, summarize } from './certificate.ts'
import type { KeyType } from './key.ts'
import { exclusively } from './lock.ts'
import { checkPurpose, type Purpose, profiles, purposes } from './profile.ts'
import { backdated } from './request.ts'
import { offlineRoot } from './root.ts'
import { addPurposes, fixSettings, type Settings } from './settings.ts'
import { privateDirectory, readIfThere, sweepTemporary } from './storage.ts'
import { readTrust } from './trust.ts'

export type CreateOptions = {
  /** What the subjects of the CAs begin with; `Anbox Edge` unless said. */
  name?: string
  /** The type of the CA keys, and of leaf keys unless said otherwise there; `rsa-4096` unless said. */
  key?: KeyType
  /** The intermediates it must have; unless said, those it was made with, and all five for a new one. */
  purposes?: readonly Purpose[]
  /** Where the root is kept, with its key: a directory on a medium that is removed when the intermediates are made. */
  rootDirectory?: string
  /** Told before each key is made: RSA takes seconds on a small machine. */
  onKey?: (ca: 'root' | Purpose, type: KeyType) => void
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
 * @throws {RootOfflineError} when an intermediate is to be made and the root's key is not there
 * @throws {ClockWrongError} when the clock is obviously behind
 */
export async function createAuthority(directory: string, options: CreateOptions = {}): Promise<Authority> {
  const now = new Date()
  if (now.getTime() < written) throw new ClockWrongError(now)
  options.purposes?.forEach(checkPurpose)
  await privateDirectory(directory)
  await sweepTemporary(directory)
  const fixed = await fixSettings(directory, options)
  const { name, key: type } = fixed
  // A rotation may just be putting new files in the old ones' places.
  if (await readTrust(directory)) return openAuthority(directory)
  const audit = new AuditLog(directory)
  const certify = async (role: 'root' | Purpose, key: KeyObject, issuer: Ca | undefined) => {
    const content = {
      subject: { organization: name, commonName: `${name} ${role} ${shortId(key)}` },
      publicKey: key,
      serial: makeSerial(),
      ...lifetime(now, role === 'root' ? rootYears : intermediateYears),
      use: role === 'root' ? { pathLength: rootPathLength } : { pathLength: 0, profile: profiles[role] },
    }
    const signer = issuer ? { key: rootKey(issuer, role), certificate: issuer.certificate } : { key }
    const pem = await buildCertificate(content, signer)
    const { fingerprint, serial } = summarize(pem)
    await audit.append({ action: 'create', subject: content.subject.commonName, role, serial, fingerprint })
    return pem
  }

  await refuseLoss(directory)
  const makeRoot = {
    key: type,
    onKey: () => options.onKey?.('root', type),
    sign: (key: KeyObject) => certify('root', key, undefined),
  }
  const root = options.rootDirectory
    ? await offlineRoot(join(directory, 'root'), options.rootDirectory, makeRoot)
    : await completeCa(join(directory, 'root'), makeRoot)
  const { purposes: wanted = ['control'] } = await widen(directory, fixed, root, options.purposes)
  const made = await Promise.allSettled(
    wanted.map(async (purpose) => {
      for (const records of ['issued', 'revoked']) {
        await privateDirectory(join(directory, purpose, records))
        await sweepTemporary(join(directory, purpose, records))
      }
      await completeCa(join(directory, purpose), {
        key: type,
        onKey: () => options.onKey?.(purpose, type),
        sign: (key) => certify(purpose, key, root),
      })
    }),
  )
  // Only now: nothing is still being written when this is answered.
  for (const one of made) if (one.status === 'rejected') throw one.reason
  return openAuthority(directory)
}

/** Writes down which intermediates there must be. One of version 0.1 gets all, if the root's key is at hand. */
async function widen(
  directory: string,
  fixed: Settings,
  root: Ca,
  asked: readonly Purpose[] | undefined,
): Promise<Settings> {
  const wanted = asked ?? fixed.purposes ?? (root.key ? purposes : [])
  const added = wanted.filter((purpose) => !(fixed.purposes ?? ['control']).includes(purpose))
  const [first] = added
  if (first === undefined) return fixed
  rootKey(root, first)
  return exclusively(directory, () => addPurposes(directory, added))
}

function rootKey(root: Ca, role: string): KeyObject {
  if (!root.key)
    throw new RootOfflineError(`the root's key is needed to make the ${role} intermediate: name the directory it is in`)
  return root.key
}

/** What was signed by a lost CA certificate must not be answered with a new CA. What is signed later is looked at first. */
async function refuseLoss(directory: string): Promise<void> {
  const lost: string[] = []
  for (const purpose of purposes) {
    const issued = await readdir(join(directory, purpose, 'issued')).catch(() => [])
    if (issued.length > 0) lost.push(join(directory, purpose, 'ca.crt'))
  }
  const begun = await Promise.all(purposes.map((purpose) => readIfThere(join(directory, purpose, 'ca.key'))))
  if (begun.some((key) => key !== undefined)) lost.push(join(directory, 'root/ca.crt'))
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
