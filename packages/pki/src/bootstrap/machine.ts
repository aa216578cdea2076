// On the machine: enrols with what it was given, then removes the token from everywhere.
//
// Order: the machine is enrolled before the token goes, and the file `token` goes last: as long as it is there, the
// bootstrap is not done, and repeating it is safe.
import { execFile } from 'node:child_process'
import { appendFile, chmod, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, normalize } from 'node:path'
import type { KeyType } from '../authority/key.ts'
import { readIfThere, replaceFile, syncDirectory } from '../authority/storage.ts'
import { type Enrolled, enrol } from '../enrolment/enrol.ts'
import { patiently } from '../enrolment/patience.ts'
import { InvalidRequestError } from '../errors.ts'
import { hasSystemd } from '../secrets/key.ts'
import type { EnrolSettings, MachineFile } from './plan.ts'
import { type Scrubbed, scrub } from './scrub.ts'

export type BootstrapOptions = {
  /** Milliseconds to keep trying while nobody answers or the clock is not set; 0 unless said. */
  patienceMs?: number
  /** In place of what is known to hold tokens. */
  places?: readonly string[]
  replace?: boolean
  onPause?: (error: Error, pauseMs: number) => void
  onKey?: (type: KeyType) => void
}
export type Bootstrapped = { enrolled: Enrolled; scrubbed: Scrubbed }
/** What comes over SSH, by standard input. */
export type Bundle = {
  version: 1
  settings: EnrolSettings
  root: string
  token: string
  files: MachineFile[]
  authorizedKeys: string[]
}

/**
 * Bootstraps from the files of a directory; gives nothing when there is no token, because it was done before.
 * @throws as `enrol`
 * @throws {InvalidRequestError} when a file is missing or not what it should be
 */
export async function bootstrapFrom(
  directory: string,
  options: BootstrapOptions = {},
): Promise<Bootstrapped | undefined> {
  const tokenPath = join(directory, 'token')
  const token = (await readIfThere(tokenPath))?.trim()
  if (!token) return undefined
  const settings = readSettings(await given(join(directory, 'enrol.json')))
  const root = await given(join(directory, 'root.crt'))
  const done = await bootstrap({ settings, root, token }, options)
  await scrub(token, [tokenPath])
  await rm(tokenPath)
  await syncDirectory(directory)
  return done
}

/** Bootstraps with what somebody sent: writes the files, all but the token. */
export async function bootstrapWith(bundle: Bundle, options: BootstrapOptions = {}): Promise<Bootstrapped> {
  for (const { path, mode, content } of bundle.files) {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await replaceFile(path, content, 'secret')
    await chmod(path, Number.parseInt(mode, 8))
  }
  await authorize(bundle.authorizedKeys)
  const done = await bootstrap(bundle, options)
  await reload(bundle.files)
  return done
}

/** @throws {InvalidRequestError} unless it is a bundle; nothing of it is repeated */
export function readBundle(text: string): Bundle {
  const refuse = () => new InvalidRequestError('standard input is not the bundle of an adoption (version 1)')
  let bundle: Partial<Record<keyof Bundle, unknown>>
  try {
    bundle = JSON.parse(text)
  } catch {
    throw refuse()
  }
  const { version, root, token, files, authorizedKeys } = bundle
  const isFile = ({ path, mode, content }: Record<string, unknown>) =>
    [path, mode, content].every((value) => typeof value === 'string') &&
    /^0[0-7]{3}$/.test(String(mode)) &&
    /^\/etc\//.test(String(path)) &&
    normalize(String(path)) === path
  const fine =
    version === 1 &&
    [root, token].every((value) => typeof value === 'string') &&
    Array.isArray(files) &&
    files.every(isFile) &&
    Array.isArray(authorizedKeys) &&
    authorizedKeys.every((one) => typeof one === 'string')
  if (!fine) throw refuse()
  return { ...(bundle as Bundle), settings: readSettings(JSON.stringify(bundle.settings ?? null)) }
}

async function bootstrap(
  { settings, root, token }: { settings: EnrolSettings; root: string; token: string },
  { patienceMs = 0, places, replace, onPause, onKey }: BootstrapOptions,
): Promise<Bootstrapped> {
  const { url, into: directory, key, rootFingerprint: caFingerprint } = settings
  // What holds it may be what makes the clock right, so the clock is waited for as well.
  const work = () => enrol({ url, token, ca: root, caFingerprint, directory, key, replace, onKey: () => onKey?.(key) })
  const enrolled = await patiently(work, { patienceMs, ...(onPause && { onPause }) })
  return { enrolled, scrubbed: await scrub(token, places) }
}

function readSettings(text: string): EnrolSettings {
  let settings: Partial<Record<keyof EnrolSettings, unknown>> | null
  try {
    settings = JSON.parse(text)
  } catch {
    settings = null
  }
  const texts = [settings?.machine, settings?.url, settings?.into, settings?.key, settings?.rootFingerprint]
  if (settings?.version !== 1 || !texts.every((value) => typeof value === 'string'))
    throw new InvalidRequestError('these are not the settings of an enrolment (version 1)')
  return settings as EnrolSettings
}

function given(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new InvalidRequestError(`the bootstrap is not whole: ${cause.message}`, { cause })
  })
}

/** Lets the keys log in as the user who runs this. */
async function authorize(keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  const path = join(homedir(), '.ssh/authorized_keys')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const there = (await readIfThere(path)) ?? ''
  const missing = keys.filter((key) => !there.split('\n').includes(key))
  if (missing.length === 0) return
  const start = there === '' || there.endsWith('\n') ? '' : '\n'
  await appendFile(path, `${start}${missing.join('\n')}\n`, { mode: 0o600, flush: true })
  if (((await stat(path)).mode & 0o022) !== 0) await chmod(path, 0o600)
}

/** Services that run already take up what was written. Where there is no systemd, whoever runs them sees to it. */
async function reload(files: readonly MachineFile[]): Promise<void> {
  if (!hasSystemd()) return
  const sshd = files.some(({ path }) => path.includes('/sshd_config.d/'))
  const commands = [
    ['daemon-reload'],
    ...(sshd ? [['try-reload-or-restart', 'ssh.service']] : []),
    ['--no-block', 'try-restart', 'anbox-edge.service'],
  ]
  for (const args of commands) await new Promise<void>((resolve) => execFile('systemctl', args, () => resolve()))
}
