// Applications: a package, the image it is bootstrapped on, and versions that come of it. What is asked for is written down
// here; `bootstrap.ts` makes versions come true.
import { badRequest, conflict, notFound } from '../errors.ts'
import type { Operations } from '../operations/operations.ts'
import { newId } from '../store/id.ts'
import type { ApplicationRecord, ApplicationVersion, OperationRecord } from '../store/records.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Addons } from './addons.ts'
import { type ApplicationPatch, patched, readResources } from './application-patch.ts'
import { type Images, mustHold } from './images.ts'
import { hookDefault, type Manifest, readManifest, secondsOf } from './manifest.ts'
import type { Package, Packages } from './packages.ts'
import type { Spooled } from './spool.ts'
import { changeVersion } from './versions.ts'

export type ApplicationParts = {
  store: Store
  operations: Operations
  images: Images
  addons: Addons
  packages: Packages
  settings: Settings
}

export class Applications {
  readonly #parts: ApplicationParts

  constructor(parts: ApplicationParts) {
    this.#parts = parts
  }

  list(): ApplicationRecord[] {
    return this.#parts.store.applications.list().filter(({ goal }) => goal === 'kept')
  }

  /** By id or name. @throws ApiError 404. */
  get(idOrName: string): ApplicationRecord {
    const found = this.list().find(({ id, name }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('application', idOrName)
    return found
  }

  /** @throws ApiError 404. */
  version(application: ApplicationRecord, number: number): ApplicationVersion {
    const found = application.versions.find((version) => version.number === number)
    if (!found) throw notFound('application version', `${application.name}@${number}`)
    return found
  }

  /** The newest published version unless a number is given; -1 too is the newest. @throws ApiError 400 and 404. */
  launchable(application: ApplicationRecord, number?: number | null): ApplicationVersion {
    if (number != null && number >= 0) {
      const version = this.version(application, number)
      if (version.status !== 'active')
        throw badRequest(
          `application "${application.name}" version ${number} is ${version.status}: only an active one can be launched`,
        )
      return version
    }
    const newest = application.versions.findLast(({ published, status }) => published && status === 'active')
    if (!newest)
      throw notFound(
        'published application version',
        `${application.name}: publish one, or name a version with app_version`,
      )
    return newest
  }

  /** @throws ApiError 400, 404 and 409; the spooled file is gone in any case. */
  async create(spooled: Spooled, signal: AbortSignal): Promise<OperationRecord> {
    const { store } = this.#parts
    return this.#withPackage(spooled, signal, (content, manifest) => {
      if (this.list().some(({ name }) => name === manifest.name))
        throw conflict(`an application "${manifest.name}" exists already: update it with PATCH, or delete it first`)
      const image = manifest.image ? this.#parts.images.get(manifest.image) : this.#parts.images.default()
      const application: ApplicationRecord = {
        id: newId(),
        name: manifest.name,
        createdAt: now(),
        goal: 'kept',
        image: image.id,
        ...fromManifest(manifest),
        inhibitAutoUpdates: false,
        versions: [],
        nextNumber: 0,
      }
      const version = this.#draftVersion(application, manifest, content)
      // The operation last: whoever was told of it finds the version.
      store.applications.put({ ...application, versions: [version], nextNumber: 1 })
      return this.#operation(application.id, version.number, 'Creating application')
    })
  }

  /** A new version of another package. @throws ApiError 400, 404 and 409; the spooled file is gone in any case. */
  async upload(idOrName: string, spooled: Spooled, signal: AbortSignal): Promise<OperationRecord> {
    const { id } = this.get(idOrName)
    return this.#withPackage(spooled, signal, (content, manifest) => {
      const application = this.get(id)
      if (manifest.name !== application.name)
        throw badRequest(`the package is of application "${manifest.name}", not "${application.name}"`)
      const image = manifest.image ? this.#parts.images.get(manifest.image).id : application.image
      return this.#addVersion(
        { ...application, ...fromManifest(manifest), image },
        manifest,
        content,
        'Updating application',
      )
    })
  }

  /** The same again, with what has changed around it. @throws ApiError 400 and 404. */
  rebuild(idOrName: string, description = 'Updating application'): OperationRecord {
    const application = this.get(idOrName)
    const latest = latestOf(application)
    return this.#addVersion(application, latest.manifest, contentOf(latest), description)
  }

  /** @throws ApiError 400, 404 and 409; then nothing is changed. */
  update(idOrName: string, patch: ApplicationPatch): OperationRecord {
    const { store, images, addons, operations } = this.#parts
    const application = this.get(idOrName)
    const latest = latestOf(application)
    const image = patch.image ? images.get(patch.image) : undefined
    if (patch.addons) addons.forInstance(patch.addons, latest.architecture)
    const next: ApplicationRecord = {
      ...application,
      image: image?.id ?? application.image,
      addons: patch.addons ?? application.addons,
      tags: patch.tags ?? application.tags,
      instanceType: patch['instance-type'] ?? application.instanceType,
      resources: { ...application.resources, ...readResources(patch.resources) },
      nodeSelector: patch.node_selector ?? application.nodeSelector,
      inhibitAutoUpdates: patch.inhibit_auto_updates ?? application.inhibitAutoUpdates,
    }
    const manifest = patched(latest.manifest, patch)
    // Changed addons and another image are in no version yet: without a new one, application and versions would disagree.
    if (manifest || (image && image.id !== application.image) || patch.addons)
      return this.#addVersion(next, manifest ?? latest.manifest, contentOf(latest), 'Updating application')
    store.applications.put(next)
    return operations.done('Updating application', resourcesOf(application.id))
  }

  /** @throws ApiError 404; then none is deleted. Instances go on. */
  delete(idsOrNames: string[]): OperationRecord {
    const { store, operations } = this.#parts
    const found = idsOrNames.map((name) => this.get(name))
    const resources = { applications: found.map(({ id }) => `/1.0/applications/${id}`) }
    for (const { id } of found) store.applications.change(id, (latest) => ({ ...latest, goal: 'deleted' }))
    return operations.done(found.length === 1 ? 'Deleting application' : 'Deleting applications', resources)
  }

  /** @throws ApiError 400 and 404. */
  publish(idOrName: string, number: number, published: boolean): OperationRecord {
    const application = this.get(idOrName)
    const { status } = this.version(application, number)
    if (published && status !== 'active')
      throw badRequest(`version ${number} is ${status}: only an active one can be published`)
    changeVersion(this.#parts.store, application.id, number, { published })
    return this.#parts.operations.done(
      published ? 'Publishing application version' : 'Revoking application version',
      resourcesOf(application.id),
    )
  }

  /** @throws ApiError 404, and 409 for the last one. */
  deleteVersion(idOrName: string, number: number): OperationRecord {
    const application = this.get(idOrName)
    this.version(application, number)
    if (application.versions.length === 1)
      throw conflict(
        `version ${number} is the only one of application "${application.name}": delete the application instead`,
      )
    this.dropVersion(application.id, number)
    return this.#parts.operations.done('Deleting application version', resourcesOf(application.id))
  }

  /** Takes it out of the record; what it leaves in LXD and on the disk goes with the next look of the bootstrap. */
  dropVersion(id: string, number: number): void {
    this.#parts.store.applications.change(id, (latest) => ({
      ...latest,
      versions: latest.versions.filter((version) => version.number !== number),
    }))
  }

  async #withPackage<T>(
    spooled: Spooled,
    signal: AbortSignal,
    work: (content: Package, manifest: Manifest) => T,
  ): Promise<T> {
    const { packages } = this.#parts
    const content = await packages.keep(spooled, signal)
    try {
      const manifest = readManifest(content.manifest)
      for (const name of Object.keys(manifest['extra-data']))
        if (![...content.files].some((file) => file === `extra-data/${name}` || file.startsWith(`extra-data/${name}/`)))
          throw badRequest(`the manifest names extra-data "${name}", and the package has no extra-data/${name}`)
      return work(content, manifest)
    } catch (error) {
      packages.remove(content.id)
      throw error
    }
  }

  #addVersion(
    application: ApplicationRecord,
    manifest: Manifest,
    content: Content,
    description: string,
  ): OperationRecord {
    const version = this.#draftVersion(application, manifest, content)
    this.#parts.store.applications.put({
      ...application,
      versions: [...application.versions, version],
      nextNumber: version.number + 1,
    })
    return this.#operation(application.id, version.number, description)
  }

  #draftVersion(
    { image: id, addons: own, nextNumber }: ApplicationRecord,
    manifest: Manifest,
    content: Content,
  ): ApplicationVersion {
    const { images, addons, settings } = this.#parts
    const image = images.get(id)
    const version = images.version(image)
    mustHold(image, version, 'applications')
    const all = addons.forInstance([...settings.globalAddons(), ...own], image.architecture)
    const stage = 'waiting'
    const { timeout } = manifest.hooks
    return {
      number: nextNumber,
      createdAt: now(),
      status: 'initializing',
      stage,
      errorMessage: '',
      published: false,
      manifest,
      package: content.id,
      hooks: content.hooks,
      hookTimeout: timeout ? secondsOf(timeout) : hookDefault,
      hasApk: content.hasApk ?? content.files?.has('app.apk') ?? false,
      image: { id: image.id, name: image.name, version: version.version, fingerprint: version.fingerprint },
      architecture: image.architecture,
      addons: all,
      bootPackage: manifest['boot-package'],
      bootActivity: manifest['boot-activity'],
      fingerprint: '',
      updates: [],
    }
  }

  #operation(application: string, number: number, description: string): OperationRecord {
    return this.#parts.operations.create({
      description,
      resources: resourcesOf(application),
      version: { application, number },
    })
  }
}

/** A package just received, or that of a version. */
type Content = Pick<Package, 'id' | 'hooks'> & { files?: Set<string>; hasApk?: boolean }

const contentOf = ({ package: id, hooks, hasApk }: ApplicationVersion): Content => ({ id, hooks: [...hooks], hasApk })
const now = () => Math.floor(Date.now() / 1000)
const resourcesOf = (id: string) => ({ applications: [`/1.0/applications/${id}`] })

function latestOf({ versions, name }: ApplicationRecord): ApplicationVersion {
  const latest = versions.at(-1)
  if (!latest) throw notFound('application version', name)
  return latest
}

const fromManifest = (manifest: Manifest) => ({
  addons: manifest.addons,
  tags: manifest.tags,
  instanceType: manifest['instance-type'],
  resources: manifest.resources,
  nodeSelector: manifest['node-selector'],
})
