// Addons: files and hooks that are added to a guest, in versions. Their content lies in the state directory.
import { parse } from 'yaml'
import { badRequest, conflict, notFound } from '../errors.ts'
import type { Operations } from '../operations/operations.ts'
import type { AddonRecord, AddonReference, AddonVersion, InstanceAddon, OperationRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { hookDefault, hookTimeout, manifestName, Reader, secondsOf } from './manifest.ts'
import type { Packages } from './packages.ts'
import type { Spooled } from './spool.ts'

const knownAbis = ['arm64-v8a', 'armeabi-v7a', 'armeabi', 'x86_64', 'x86']
/** ABIs that guests of an architecture run. */
const abisOf: Record<string, string[]> = {
  aarch64: ['arm64-v8a', 'armeabi-v7a', 'armeabi'],
  x86_64: ['x86_64', 'x86'],
}

export class Addons {
  readonly #store: Store
  readonly #operations: Operations
  readonly #packages: Packages

  constructor(store: Store, operations: Operations, packages: Packages) {
    this.#store = store
    this.#operations = operations
    this.#packages = packages
  }

  list(): AddonRecord[] {
    return this.#store.addons.list()
  }

  /** @throws ApiError 404. */
  get(name: string): AddonRecord {
    const found = this.#store.addons.get(name)
    if (!found) throw notFound('addon', name)
    return found
  }

  /** @throws ApiError 404 where a reference leads nowhere any more. */
  version({ name, version }: AddonReference): AddonVersion {
    const found = this.get(name).versions.find((one) => one.version === version)
    if (!found) throw notFound('addon version', `${name}@${version}`)
    return found
  }

  /** The newest versions of these addons, for guests of this architecture. @throws ApiError 400 and 404. */
  forInstance(names: readonly string[], architecture: string): InstanceAddon[] {
    return [...new Set(names)].map((name) => {
      const newest = this.get(name).versions.at(-1)
      if (!newest) throw notFound('addon version', name)
      const abis = abisOf[architecture] ?? []
      if (newest.abis.length > 0 && !newest.abis.some((abi) => abis.includes(abi)))
        throw badRequest(`addon "${name}" is for ${newest.abis.join(', ')}, and the image is for ${architecture}`)
      const { version, package: id, hooks, hookTimeout } = newest
      return { name, version, package: id, hooks, hookTimeout }
    })
  }

  /** @throws ApiError 400 and 409; the spooled file is gone in any case. */
  async add(name: string, spooled: Spooled, signal: AbortSignal): Promise<OperationRecord> {
    const version = await this.#read(spooled, signal, () => {
      if (!/^[A-Za-z0-9_.-]{1,255}$/.test(name) || /^\.+$/.test(name))
        throw badRequest(
          `addon name ${JSON.stringify(name)}: letters, digits and "_.-" are allowed; give it in X-AMS-Request as {"name": …}`,
        )
      if (this.#store.addons.get(name)) throw conflict(`an addon "${name}" exists already: update it with PATCH`)
    })
    this.#store.addons.put({ id: name, versions: [{ ...version, version: 0 }] })
    return this.#operations.done('Adding addon', resourcesOf(name))
  }

  /** @throws ApiError 400 and 404; the spooled file is gone in any case. */
  async update(name: string, spooled: Spooled, signal: AbortSignal): Promise<OperationRecord> {
    const version = await this.#read(spooled, signal, () => this.get(name))
    this.#store.addons.change(name, (addon) => ({
      ...addon,
      versions: [...addon.versions, { ...version, version: (addon.versions.at(-1)?.version ?? -1) + 1 }],
    }))
    return this.#operations.done('Updating addon', resourcesOf(name))
  }

  /** @throws ApiError 404, and 409 while applications use it. */
  delete(name: string): OperationRecord {
    const { versions } = this.get(name)
    const users = this.usedBy(name)
    if (users.length > 0)
      throw conflict(`addon "${name}" is used by ${users.map(shown).join(', ')}: take it out there first`)
    this.#store.addons.delete(name)
    for (const { package: id } of versions) this.#packages.remove(id)
    return this.#operations.done('Deleting addon', resourcesOf(name))
  }

  /** @throws ApiError 404 and 409. */
  deleteVersion(name: string, number: number): OperationRecord {
    const version = this.version({ name, version: number })
    const { versions } = this.get(name)
    if (versions.length === 1) throw conflict(`version ${number} is the only one of addon "${name}": delete the addon`)
    const using = this.#store.applications
      .list()
      .find(({ versions }) =>
        versions.some(({ addons }) => addons.some((one) => one.name === name && one.version === number)),
      )
    if (using)
      throw conflict(`version ${number} of addon "${name}" is used by a version of application "${using.name}"`)
    this.#store.addons.change(name, (addon) => ({
      ...addon,
      versions: addon.versions.filter((one) => one.version !== number),
    }))
    this.#packages.remove(version.package)
    return this.#operations.done('Deleting addon version', resourcesOf(name))
  }

  /** Ids of the applications that list it, or have a version with it. */
  usedBy(name: string): string[] {
    return this.#store.applications
      .list()
      .filter(
        ({ goal, addons, versions }) =>
          goal === 'kept' &&
          (addons.includes(name) || versions.some((version) => version.addons.some((addon) => addon.name === name))),
      )
      .map(({ id }) => id)
  }

  async #read(spooled: Spooled, signal: AbortSignal, check: () => unknown): Promise<Omit<AddonVersion, 'version'>> {
    const { id, manifest, hooks } = await this.#packages.keep(spooled, signal)
    try {
      const { timeout, abis } = readAddonManifest(manifest)
      if (hooks.length === 0)
        throw badRequest('the addon has no hook: put pre-start, post-start or post-stop into its folder hooks')
      // Last, with nothing awaited between it and the write.
      check()
      const createdAt = Math.floor(Date.now() / 1000)
      const { fingerprint, size } = spooled
      return { fingerprint, size, createdAt, package: id, hooks, hookTimeout: timeout, abis }
    } catch (error) {
      this.#packages.remove(id)
      throw error
    }
  }
}

function readAddonManifest(text: string): { timeout: number; abis: string[] } {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 20, stringKeys: true, logLevel: 'silent' })
  } catch (error) {
    throw badRequest(`${manifestName} is not YAML: ${(error as Error).message.split('\n')[0]}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest(`${manifestName} must be a map of keys and values`)
  const root = new Reader(value as Record<string, unknown>, '')
  root.text('name')
  root.text('description')
  const provides = new Reader(root.map('provides'), 'provides.')
  const abis = provides.texts('abi-support')
  const odd = abis.find((abi) => !knownAbis.includes(abi))
  if (odd) throw badRequest(`${manifestName}: provides.abi-support has "${odd}"; known are ${knownAbis.join(', ')}`)
  const hooks = new Reader(root.map('hooks'), 'hooks.')
  const timeout = hookTimeout(hooks.text('timeout'))
  hooks.done(['timeout'])
  provides.done(['abi-support'])
  root.done(['name', 'description', 'provides', 'hooks'])
  return { timeout: timeout ? secondsOf(timeout) : hookDefault, abis }
}

const shown = (name: string) => `"${name}"`
const resourcesOf = (name: string) => ({ addons: [`/1.0/addons/${name}`] })
