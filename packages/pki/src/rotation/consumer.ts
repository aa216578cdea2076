// Who has to do with certificates and secrets: which files it reads, and what it takes for it to read them again. All of
// it is said before a rotation begins, so that the rotation can announce every restart.
import { readFile } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { isPurpose, type Purpose, purposes } from '../authority/profile.ts'
import { checkName } from '../authority/request.ts'
import { InvalidRequestError } from '../errors.ts'
import type { Reload } from '../render/rendered.ts'

/** From the least to the most trouble. `none`: it notices by itself, or opens the file each time. */
export const needs = ['none', 'SIGHUP', 'SIGUSR2', 'restart'] as const satisfies Reload[]
export type Need = Reload

/** `chain`: what follows the leaf in the certificate file. `pins`: certificates that are trusted one by one. */
export const changes = ['trust', 'chain', 'leaf', 'pins', 'secret'] as const
export type Change = (typeof changes)[number]

const fileRoles = ['trust', 'certificate', 'key', 'pins', 'secret'] as const
export type FileRole = (typeof fileRoles)[number]

export type Consumer = {
  name: string
  /** Whose intermediate signed its leaf; for those that have a certificate file. */
  purpose?: Purpose
  /** What its trust file holds: the roots, or the intermediate of one purpose and nothing else. */
  anchor?: 'root' | Purpose
  /** It reads the first certificate of its trust file and no other, as LXD does with `server.ca`. */
  singleAnchor?: boolean
  /** Names of consumers whose leaf it trusts by itself, whoever signed it: the content of its pins file. */
  pins?: string[]
  /** The secret in its secret file: `accepts` takes the old and the new while both are valid, `presents` shows one. */
  secret?: { name: string; use: 'accepts' | 'presents' }
  /** Absolute paths. The certificate file holds the leaf and its chain. */
  files: Partial<Record<FileRole, string>>
  /** What it takes after each change; `restart` unless said. */
  needs?: Partial<Record<Change, Need>>
  /** Commands (no shell) that bring it about and end when it is done; a consumer without one is acknowledged by hand. */
  apply?: Partial<Record<Need, string[]>>
}

/**
 * Reads a file of consumers: a JSON list.
 * @throws {InvalidRequestError} naming the consumer and the field
 */
export async function readConsumers(path: string): Promise<Consumer[]> {
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw new InvalidRequestError(`${path} is not a file of consumers: ${(cause as Error).message}`, { cause })
  }
  return checkConsumers(parsed)
}

/** @throws {InvalidRequestError} naming the consumer and the field */
export function checkConsumers(list: unknown): Consumer[] {
  if (!Array.isArray(list)) throw new InvalidRequestError('consumers must be a list')
  const consumers = list.map(check)
  const names = consumers.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new InvalidRequestError(`consumer "${twice}" is there twice`)
  for (const { name, pins = [] } of consumers) {
    const unknown = pins.find((pin) => !names.includes(pin))
    if (unknown !== undefined) refuse(name, 'pins', `"${unknown}" is no consumer`)
  }
  return consumers
}

function check(value: unknown): Consumer {
  const { name, purpose, anchor, singleAnchor, pins, secret, files, needs: given, apply, ...rest } = record(value)
  if (typeof name !== 'string') throw new InvalidRequestError('a consumer has no name')
  checkName(name)
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) refuse(name, unknown, 'there is no such field')
  if (purpose !== undefined && !isPurpose(String(purpose)))
    refuse(name, 'purpose', `must be one of ${purposes.join(', ')}`)
  if (anchor !== undefined && anchor !== 'root' && !isPurpose(String(anchor)))
    refuse(name, 'anchor', `must be root or one of ${purposes.join(', ')}`)
  const paths = record(files)
  for (const [role, path] of Object.entries(paths)) {
    if (!(fileRoles as readonly string[]).includes(role)) refuse(name, `files.${role}`, `use ${fileRoles.join(', ')}`)
    if (typeof path !== 'string' || !isAbsolute(path)) refuse(name, `files.${role}`, 'must be an absolute path')
  }
  const pairs: [unknown, string, unknown, string][] = [
    [anchor, 'anchor', paths.trust, 'files.trust'],
    [purpose, 'purpose', paths.certificate, 'files.certificate'],
    [paths.key, 'files.key', paths.certificate, 'files.certificate'],
    [pins, 'pins', paths.pins, 'files.pins'],
    [secret, 'secret', paths.secret, 'files.secret'],
  ]
  for (const [one, its, other, others] of pairs) {
    if ((one === undefined) !== (other === undefined)) refuse(name, its, `goes together with ${others}`)
  }
  if (singleAnchor && paths.pins === undefined)
    refuse(
      name,
      'singleAnchor',
      'needs files.pins: what a new intermediate signed is trusted by it while both are used',
    )
  for (const [change, need] of Object.entries(record(given ?? {}))) {
    if (!(changes as readonly string[]).includes(change)) refuse(name, `needs.${change}`, `use ${changes.join(', ')}`)
    if (!(needs as readonly unknown[]).includes(need)) refuse(name, `needs.${change}`, `use ${needs.join(', ')}`)
  }
  for (const [need, command] of Object.entries(record(apply ?? {}))) {
    if (!(needs as readonly string[]).includes(need)) refuse(name, `apply.${need}`, `use ${needs.join(', ')}`)
    if (!isWords(command) || command.length === 0) refuse(name, `apply.${need}`, 'must be a list of words')
  }
  if (pins !== undefined && !isWords(pins)) refuse(name, 'pins', 'must be a list of names')
  if (secret !== undefined) {
    const { name: which, use } = record(secret)
    if (typeof which !== 'string' || (use !== 'accepts' && use !== 'presents'))
      refuse(name, 'secret', 'needs a name, and use: accepts or presents')
  }
  return value as Consumer
}

/** What a consumer has to do after these changes: the most that any of them asks for. */
export function needOf(consumer: Consumer, changed: readonly Change[]): Need {
  const ranks = changed.map((change) => needs.indexOf(consumer.needs?.[change] ?? 'restart'))
  return needs[Math.max(0, ...ranks)] ?? 'restart'
}

function refuse(consumer: string, field: string, why: string): never {
  throw new InvalidRequestError(`consumer "${consumer}": ${field}: ${why}`)
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidRequestError('a consumer, its files, needs and apply must be objects')
  return value as Record<string, unknown>
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string')
}
