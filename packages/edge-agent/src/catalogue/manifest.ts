// The manifest of an application package: YAML, read at the edge and kept as this agent understood it.
// Keys and defaults are AMS's.
import { parse } from 'yaml'
import { badRequest } from '../errors.ts'
import type { ServiceSpec } from '../host/ports.ts'
import type { Resources } from '../store/records.ts'
import { bytesOf } from './size.ts'

export const manifestName = 'manifest.yaml'
/** Bytes. */
export const largestManifest = 256 * 1024

export type ExtraData = { target: string; owner: string; permissions: string }
export type Watchdog = { disabled: boolean; 'allowed-packages': string[] }
export type VideoEncoder = 'gpu' | 'gpu-preferred' | 'software'

export type Manifest = {
  name: string
  version: string
  image: string
  'instance-type': string
  'boot-package': string
  'boot-activity': string
  'required-permissions': string[]
  addons: string[]
  tags: string[]
  features: string[]
  'node-selector': string[]
  'video-encoder': VideoEncoder
  watchdog: Watchdog
  services: ServiceSpec[]
  resources: Resources
  'extra-data': Record<string, ExtraData>
  hooks: { timeout: string }
  bootstrap: { keep: string[] }
}

/** Seconds a hook may take when nothing is said. */
export const hookDefault = 5 * 60
/** AMS's longest, seconds. */
export const hookMost = 15 * 60

/** The old instance types, still accepted: the digits are vCPUs, `g` has a GPU slot. */
const instanceType = /^([ag])(\d{1,2})\.3$/

/** @throws ApiError 400 with the key that is wrong. */
export function readManifest(text: string): Manifest {
  const root = new Reader(parseYaml(text), '')
  const resources = new Reader(root.map('resources'), 'resources.')
  const watchdog = new Reader(root.map('watchdog'), 'watchdog.')
  const given = root.text('instance-type')
  const type = instanceType.exec(given)
  if (given && !type) throw wrong('instance-type', given, 'one of a2.3 to a10.3 and g2.3 to g10.3')
  const manifest: Manifest = {
    name: applicationName(root.text('name')),
    version: root.text('version', 50),
    image: root.text('image'),
    'instance-type': given,
    'boot-package': packageName('boot-package', root.text('boot-package')),
    'boot-activity': root.text('boot-activity'),
    'required-permissions': root.texts('required-permissions'),
    addons: root.texts('addons'),
    tags: root.texts('tags'),
    features: root.texts('features'),
    'node-selector': root.texts('node-selector'),
    'video-encoder': root.one('video-encoder', ['gpu-preferred', 'gpu', 'software']),
    watchdog: {
      disabled: watchdog.flag('disabled'),
      'allowed-packages': allowedPackages(watchdog.texts('allowed-packages')),
    },
    services: readServices(root.list('services')),
    resources: {
      cpus: resources.number('cpus', 1) ?? (type ? Number(type[2]) : undefined),
      memory: resources.size('memory') ?? (type && 3 * 2 ** 30) ?? undefined,
      disk: resources.size('disk-size') ?? (type && 3 * 2 ** 30) ?? undefined,
      gpuSlots: resources.number('gpu-slots', 0) ?? (type?.[1] === 'g' ? 1 : undefined),
    },
    'extra-data': readExtraData(root.map('extra-data')),
    hooks: { timeout: hookTimeout(new Reader(root.map('hooks'), 'hooks.').text('timeout')) },
    bootstrap: { keep: new Reader(root.map('bootstrap'), 'bootstrap.').texts('keep') },
  }
  root.done(Object.keys(manifest))
  resources.done(['cpus', 'memory', 'disk-size', 'gpu-slots'])
  watchdog.done(['disabled', 'allowed-packages'])
  return manifest
}

/** As it goes into a package again: what says nothing is left out. */
export function manifestFields({ resources, ...manifest }: Manifest): Record<string, unknown> {
  const { cpus, memory, disk, gpuSlots } = resources
  const fields = {
    ...manifest,
    resources: {
      cpus,
      memory: memory === undefined ? undefined : `${memory}B`,
      'disk-size': disk === undefined ? undefined : `${disk}B`,
      'gpu-slots': gpuSlots,
    },
  }
  return JSON.parse(
    JSON.stringify(fields, (_key, value) =>
      value === '' || (Array.isArray(value) && value.length === 0) || isEmpty(value) ? undefined : value,
    ),
  )
}

const isEmpty = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((inner) => inner === undefined)

export function applicationName(name: string): string {
  if (!name || name.length > 255 || /[<>:"/\\|?*\s\p{Cc}]/u.test(name) || name === '.' || name === '..')
    throw wrong('name', name, 'given, and have none of < > : " / \\ | ? * and no space')
  return name
}

function packageName(key: string, name: string): string {
  if (name && !/^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/.test(name))
    throw wrong(key, name, 'an Android package name such as com.example.app')
  return name
}

export function allowedPackages(names: string[]): string[] {
  if (names.includes('*') && names.length > 1)
    throw wrong('watchdog.allowed-packages', names, 'just ["*"], or package names without it')
  for (const name of names) if (name !== '*') packageName('watchdog.allowed-packages', name)
  return names
}

/** @returns as given; "" where nothing was. @throws ApiError 400. */
export function hookTimeout(given: string): string {
  if (given && !(secondsOf(given) > 0 && secondsOf(given) <= hookMost))
    throw wrong('hooks.timeout', given, 'a time such as "5m", 15 minutes at most')
  return given
}

/** Go's way to write a time, as far as hooks need it. */
export function secondsOf(time: string): number {
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(time)
  if (!time || !match) return Number.NaN
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0))
  return hours * 3600 + minutes * 60 + seconds
}

function readServices(list: unknown[]): ServiceSpec[] {
  return list.map((one, index) => {
    const service = new Reader(asMap(one, `services[${index}]`), `services[${index}].`)
    const spec = {
      name: service.text('name'),
      port: service.number('port', 1) ?? null,
      port_end: service.number('port_end', 1) ?? null,
      protocols: service.texts('protocols'),
      expose: service.flag('expose'),
    }
    service.done(Object.keys(spec))
    return spec
  })
}

/** Where AMS lets extra data go: folders of the application's own. */
const targets = /^(\/sdcard\/Android\/(obb|data)|\/data\/(app|data))\/[A-Za-z]\w*(\.[A-Za-z]\w*)+(\/|$)/

function readExtraData(map: Record<string, unknown>): Record<string, ExtraData> {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => {
      const where = `extra-data.${name}`
      const entry = new Reader(asMap(value, where), `${where}.`)
      const target = entry.text('target')
      if (!targets.test(target) || target.split('/').includes('..'))
        throw wrong(`${where}.target`, target, "below the application's own folder in /sdcard/Android or /data")
      const owner = entry.text('owner')
      if (owner && !/^[\w.-]+(:[\w.-]+)?$/.test(owner)) throw wrong(`${where}.owner`, owner, 'USER or USER:GROUP')
      const permissions = entry.text('permissions')
      if (permissions && !/^0?[0-7]{3}$/.test(permissions))
        throw wrong(`${where}.permissions`, permissions, 'such as 0644')
      if (!name || name.split('/').some((part) => part === '' || part === '.' || part === '..'))
        throw wrong('extra-data', name, "names of files or folders in the package's extra-data folder")
      return [name, { target, owner, permissions }]
    }),
  )
}

function parseYaml(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 20, stringKeys: true, logLevel: 'silent' })
  } catch (error) {
    throw badRequest(`${manifestName} is not YAML: ${(error as Error).message.split('\n')[0]}`)
  }
  return asMap(value, manifestName)
}

function asMap(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest(`${what} must be a map of keys and values`)
  return value as Record<string, unknown>
}

function wrong(key: string, value: unknown, must: string) {
  const shown = JSON.stringify(value) ?? 'nothing'
  return badRequest(
    `${manifestName}: ${key} must be ${must}, not ${shown.length > 60 ? `${shown.slice(0, 57)}…` : shown}`,
  )
}

/** Reads the keys of one map; a key that nobody asked for is an error, since a typing mistake must not pass for a default. */
export class Reader {
  readonly #map: Record<string, unknown>
  readonly #at: string

  constructor(map: Record<string, unknown>, at: string) {
    this.#map = map
    this.#at = at
  }

  text(key: string, most = 1024): string {
    const value = this.#map[key] ?? ''
    const text = typeof value === 'number' ? String(value) : value
    if (typeof text !== 'string' || text.length > most)
      throw wrong(this.#at + key, value, `text of ${most} characters at most`)
    return text
  }

  texts(key: string): string[] {
    const list = this.list(key)
    if (!list.every((item) => typeof item === 'string' && item.length <= 1024))
      throw wrong(this.#at + key, list, 'a list of texts')
    return list as string[]
  }

  list(key: string): unknown[] {
    const value = this.#map[key] ?? []
    if (!Array.isArray(value) || value.length > 1000) throw wrong(this.#at + key, value, 'a list')
    return value
  }

  map(key: string): Record<string, unknown> {
    return asMap(this.#map[key] ?? {}, `${manifestName}: ${this.#at}${key}`)
  }

  flag(key: string): boolean {
    const value = this.#map[key] ?? false
    if (typeof value !== 'boolean') throw wrong(this.#at + key, value, 'true or false')
    return value
  }

  number(key: string, least: number): number | undefined {
    const value = this.#map[key]
    if (value == null) return undefined
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > 65_535)
      throw wrong(this.#at + key, value, `a whole number from ${least}`)
    return value as number
  }

  size(key: string): number | undefined {
    const value = this.#map[key]
    return value == null ? undefined : bytesOf(value as string, `${manifestName}: ${this.#at}${key}`)
  }

  one<T extends string>(key: string, [preset, ...others]: readonly [T, ...T[]]): T {
    const value = this.text(key) || preset
    const found = [preset, ...others].find((one) => one === value)
    if (!found) throw wrong(this.#at + key, value, `one of ${[preset, ...others].join(', ')}`)
    return found
  }

  done(known: string[]): void {
    const unknown = Object.keys(this.#map).find((key) => !known.includes(key))
    if (unknown !== undefined)
      throw badRequest(
        `${manifestName}: unknown key ${JSON.stringify((this.#at + unknown).slice(0, 80))}; known are ${known.join(', ')}`,
      )
  }
}
