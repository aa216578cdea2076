// The agent's configuration: a YAML file, then ANBOX_EDGE_… environment variables, then flags; the last one wins.
// An unknown key is an error: a mistyped key must not silently mean its default.
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { type Key, keys, levels } from './config-keys.ts'
import { ConfigurationError } from './errors.ts'
import { readPolicy } from './patch/policy.ts'

export type Config = {
  /** Absolute folder of the store, the upload spool and the kept logs; made 0700. */
  stateDirectory: string
  lxd: { socket: string; project: string; instancesPerProject: number; storagePool: string; network: string }
  api: {
    address: string
    port: number
    socket: string
    /** PEM files. Without them only the unix socket is served. */
    certificate: string
    key: string
    trustedCertificates: string[]
    revocationLists: string[]
  }
  enrolment: { url: string; tokenFile: string; ca: string }
  node: { name: string; privateAddress: string; publicAddress: string }
  bootCheck: { command: string[]; expect: string; timeoutSeconds: number }
  images: { ca: string; keyring: string }
  /** Instances made ahead of launches, of each image and application named in `of`. */
  warm: { of: string[]; prepared: number; paused: number }
  patch: {
    kinds: string[]
    windows: string[]
    timeZone: string
    checkMinutes: number
    maximumDeferralDays: number
    waves: string[]
    drainMinutes: number
    graceSeconds: number
    instances: 'keep' | 'roll'
    reboot: 'yes' | 'no'
    keepVersions: number
    pins: string[]
    snapChannels: string[]
    lockUrl: string
    lockGroup: string
    lockCa: string
  }
  log: { level: string }
}

/** `api.trustedCertificates` → `ANBOX_EDGE_API_TRUSTED_CERTIFICATES`. Lists are comma-separated there. */
export const environmentName = (path: string) =>
  `ANBOX_EDGE_${path
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`

export type Sources = { file?: string | undefined; env?: NodeJS.ProcessEnv; flags?: Record<string, string | undefined> }

/** Reads and checks the configuration. @throws ConfigurationError naming every key that is wrong. */
export function loadConfig({ file, env = {}, flags = {} }: Sources): Config {
  const problems: string[] = []
  const found = new Map<string, unknown>()
  for (const [path, value] of Object.entries(file ? flatten(readYaml(file)) : {})) {
    if (!keys.some((key) => key.path === path)) problems.push(`${file}: unknown key "${path}"${suggestion(path)}`)
    found.set(path, value)
  }
  for (const key of keys) {
    for (const [from, value] of [
      [environmentName(key.path), env[environmentName(key.path)]],
      [`--${key.path}`, flags[key.path]],
    ] as const) {
      if (value !== undefined) found.set(key.path, key.kind === 'list' ? value.split(',') : value)
      if (value === '' && key.kind !== 'list' && key.default !== '') problems.push(`${from}: must not be empty`)
    }
  }
  for (const name of Object.keys(env)) {
    if (name.startsWith('ANBOX_EDGE_') && !keys.some(({ path }) => environmentName(path) === name))
      problems.push(`${name}: unknown environment variable`)
  }
  const values: Record<string, unknown> = {}
  for (const key of keys) {
    const value = found.get(key.path) ?? key.default
    try {
      values[key.path] = value === undefined ? undefined : read(key, value)
    } catch (error) {
      problems.push(`${key.path}: ${(error as Error).message} (${key.about})`)
    }
  }
  if (problems.length > 0) throw new ConfigurationError(`the configuration cannot be used:\n  ${problems.join('\n  ')}`)
  return settle(unflatten(values) as Config, problems)
}

function settle(config: Config, problems: string[]): Config {
  config.stateDirectory = resolve(config.stateDirectory)
  config.api.socket ??= join(config.stateDirectory, 'unix.socket')
  if (!config.lxd.socket) {
    const usual = ['/var/snap/lxd/common/lxd/unix.socket', '/var/lib/lxd/unix.socket']
    config.lxd.socket = usual.find((path) => existsSync(path)) ?? ''
    if (!config.lxd.socket)
      problems.push(`lxd.socket: no LXD found at ${usual.join(' or ')}; install LXD or name its socket`)
  }
  if (config.lxd.instancesPerProject === 0) problems.push('lxd.instancesPerProject: must be at least 1')
  if (config.enrolment.url && !config.enrolment.ca)
    problems.push('enrolment.ca: name the root by which the EST server is known')
  if (!config.api.certificate !== !config.api.key) problems.push('api.certificate and api.key: give both or none')
  for (const [key, path] of [
    ['api.certificate', config.api.certificate],
    ['api.key', config.api.key],
    ...config.api.trustedCertificates.map((path) => ['api.trustedCertificates', path]),
    ['enrolment.ca', config.enrolment.ca],
    ['images.ca', config.images.ca],
    ['images.keyring', config.images.keyring],
    ['patch.lockCa', config.patch.lockCa],
    ...config.api.revocationLists.map((path) => ['api.revocationLists', path]),
  ]) {
    if (path && !existsSync(path)) problems.push(`${key}: no file at ${path}`)
  }
  try {
    readPolicy(config)
  } catch (error) {
    problems.push((error as Error).message)
  }
  if (Buffer.byteLength(config.api.socket) > 107)
    problems.push('api.socket: longer than the 107 bytes a unix socket path may have')
  if (problems.length > 0) throw new ConfigurationError(`the configuration cannot be used:\n  ${problems.join('\n  ')}`)
  return config
}

function read(key: Key, value: unknown): unknown {
  const shown = JSON.stringify(value)
  switch (key.kind) {
    case 'text':
      if (typeof value !== 'string') throw new Error(`must be text, not ${shown}`)
      return value
    case 'list':
      if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
        throw new Error(`must be a list of texts, not ${shown}`)
      return value
    case 'port':
      return wholeNumber(value, 0, 65_535)
    case 'seconds':
      return wholeNumber(value, 1, 86_400)
    case 'minutes':
      return wholeNumber(value, 1, 7 * 1440)
    case 'days':
      return wholeNumber(value, 1, 365)
    case 'count':
      return wholeNumber(value, 0, 1000)
    case 'level':
      if (!levels.includes(String(value))) throw new Error(`must be one of ${levels.join(', ')}, not ${shown}`)
      return value
  }
}

function wholeNumber(value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most) return number
  throw new Error(`must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`)
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8')) ?? {}
  } catch (error) {
    throw new ConfigurationError(`${file}: ${(error as Error).message}`)
  }
}

function flatten(value: unknown, prefix = ''): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return prefix ? { [prefix]: value } : {}
  return Object.assign(
    {},
    ...Object.entries(value).map(([name, inner]) => flatten(inner, prefix ? `${prefix}.${name}` : name)),
  )
}

function unflatten(values: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [path, value] of Object.entries(values)) {
    const [first = '', second] = path.split('.')
    result[first] = second === undefined ? value : { ...(result[first] as object), [second]: value }
  }
  return result
}

function suggestion(path: string): string {
  const last = path.split('.').at(-1)?.toLowerCase() ?? ''
  const near = keys.find(
    (key) => key.path.toLowerCase().endsWith(last) || key.path.toLowerCase() === path.toLowerCase(),
  )
  return near ? `; did you mean "${near.path}"?` : ''
}
