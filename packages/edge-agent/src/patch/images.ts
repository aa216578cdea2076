// LXD images: a newer build of the image server is brought here before the window, its guests are proven to boot before
// anybody is given one, applications follow, and the old version goes when the new one is proven.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Images } from '../catalogue/images.ts'
import type { Importer } from '../catalogue/import.ts'
import type { Guest } from '../host/guest.ts'
import { inventoryOf } from '../host/inventory.ts'
import type { Operations } from '../operations/operations.ts'
import type { PatchRecord } from '../store/patch-records.ts'
import type { ApplicationRecord, ImageRecord, ImageVersion, InstanceImage } from '../store/records.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import { longestBoot } from './health.ts'
import { Discovered, NotNow, type Offer, PatchFailed, type PatchKind, type Work } from './kind.ts'
import type { Policy } from './policy.ts'
import type { Probe } from './probe.ts'
import type { Roller } from './roll.ts'

/** Milliseconds that applications get to follow: a bootstrap takes 15 minutes at most. */
const followPatience = 30 * 60_000

export type ImagePatchParts = {
  images: Images
  importer: Importer
  operations: Operations
  store: Store
  probe: Probe
  roller: Roller
  policy: Policy
  settings: Settings
}

export class ImagePatches implements PatchKind {
  readonly name = 'images'
  readonly #parts: ImagePatchParts

  constructor(parts: ImagePatchParts) {
    this.#parts = parts
  }

  /** Running instances go on with the file system that they have. */
  disturbs(): boolean {
    return false
  }

  async discover(signal: AbortSignal): Promise<Discovered> {
    const found = new Discovered()
    for (const image of this.#parts.images.list())
      await found.of(image.name, async () => {
        const newest = await this.#parts.importer.newest(image, signal)
        const current = activeOf(image)
        if (!newest || !current || image.versions.some(isActive(newest.fingerprint))) return []
        return [offer(image, current, newest)]
      })
    return found
  }

  async fetch(patch: PatchRecord, { signal }: Work): Promise<void> {
    const { importer, operations } = this.#parts
    const image = this.#image(patch)
    if (this.#version(patch)) return
    const { id } = importer.stage(image, releaseOf(patch))
    const { err } = await operations.wait(id, -1, signal)
    signal.throwIfAborted()
    if (err) throw new Error(err)
    if (!this.#version(patch)) throw new Error(`the image server has no ${patch.to} of ${patch.subject} any more`)
  }

  async apply(patch: PatchRecord, { signal }: Work): Promise<void> {
    const { images, probe, policy } = this.#parts
    const image = this.#image(patch)
    const version = this.#version(patch)
    if (!version) throw new NotNow('its version was taken away')
    if (version.status !== 'staged') return
    const before = await probe.boot(reference(image, activeOf(image)), Number.POSITIVE_INFINITY, signal)
    const most = longestBoot(before.bootMilliseconds, policy.slowdown)
    const look = async (guest: Guest) => images.note(image.id, version.version, await inventoryOf(guest))
    const after = await probe.boot(reference(image, version), most, signal, look)
    if (after.bootProblem !== undefined) throw new PatchFailed(`its guests do not boot: ${after.bootProblem}`)
    // Never blind: it waits until there is room to try it.
    if (after.bootMilliseconds === undefined) throw new NotNow('there is no room for a guest to try it with')
    if (after.bootMilliseconds > most)
      throw new PatchFailed(
        `its guests take ${after.bootMilliseconds} ms to boot, and ${before.bootMilliseconds} ms before`,
      )
    images.activate(image.id, version.version)
  }

  /** Applications follow by the catalogue's own rules; one that cannot keeps its last good version and is no fault of the image. */
  async commit(patch: PatchRecord, { signal }: Work): Promise<void> {
    const { store, images, settings, policy, roller } = this.#parts
    const image = this.#image(patch)
    const version = this.#version(patch)
    if (!version) return
    const follows = () =>
      settings.autoUpdate() && store.applications.list().some((one) => one.image === image.id && isBehind(one, version))
    const deadline = performance.now() + followPatience
    while (follows() && performance.now() < deadline) await sleep(500, undefined, { signal })
    const instanceImage = reference(image, version)
    if (policy.roll && instanceImage) await roller.roll(instanceImage, signal)
    const older = image.versions.filter((one) => one.status === 'active' && one.version < version.version)
    for (const one of older.slice(0, Math.max(0, older.length - policy.keepVersions)))
      await images.drop(image.id, one.version)
  }

  async revert(patch: PatchRecord): Promise<void> {
    const image = this.#parts.images.list().find(({ name }) => name === patch.subject)
    const version = image && versionOf(image, patch)
    // The only one there is stays: something is better than nothing.
    if (image && version && image.versions.length > 1) await this.#parts.images.drop(image.id, version.version)
  }

  async drop(patch: PatchRecord): Promise<void> {
    const image = this.#parts.images.list().find(({ name }) => name === patch.subject)
    const version = image && versionOf(image, patch)
    if (image && version?.status === 'staged') await this.#parts.images.drop(image.id, version.version)
  }

  #image({ subject }: PatchRecord): ImageRecord {
    return this.#parts.images.get(subject)
  }

  #version(patch: PatchRecord): ImageVersion | undefined {
    return versionOf(this.#image(patch), patch)
  }
}

/** It is still to be bootstrapped on this version, or is just being. */
function isBehind({ versions, inhibitAutoUpdates, goal }: ApplicationRecord, { fingerprint }: ImageVersion): boolean {
  if (inhibitAutoUpdates || goal === 'deleted') return false
  const newest = versions.at(-1)
  return newest?.status === 'initializing' || newest?.image.fingerprint !== fingerprint
}

function offer(image: ImageRecord, current: ImageVersion, newest: { version: string; fingerprint: string }): Offer {
  return {
    subject: image.name,
    from: named(current.release ?? `version ${current.version}`, current.fingerprint),
    to: named(newest.version, newest.fingerprint),
    title: `image ${image.name} ${newest.version}`,
    // An image server does not say what its builds are about.
    urgent: false,
    work: { fingerprint: newest.fingerprint, release: newest.version },
  }
}

const named = (release: string, fingerprint: string) => `${release} (${fingerprint.slice(0, 12)})`
const releaseOf = ({ work }: PatchRecord) => String(work.release)
const isActive = (fingerprint: string) => (version: ImageVersion) =>
  version.fingerprint === fingerprint && version.status === 'active'
const activeOf = ({ versions }: ImageRecord) => versions.findLast(({ status }) => status === 'active')
const versionOf = ({ versions }: ImageRecord, { work }: PatchRecord) =>
  versions.find(({ fingerprint, status }) => fingerprint === work.fingerprint && status !== 'initializing')

function reference(image: ImageRecord, version: ImageVersion | undefined): InstanceImage | undefined {
  return version && { id: image.id, name: image.name, version: version.version, fingerprint: version.fingerprint }
}
