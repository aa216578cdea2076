// Images: what instances are launched from. A record with versions here, the file systems in LXD's image store.
//
// A version says `initializing` until LXD has it; after a crash, `resume` removes what did not get there.
import { rmSync } from 'node:fs'
import { NotFoundError } from '@anbox/sdk'
import { badRequest, conflict, notFound, notSupported } from '../errors.ts'
import type { Projects } from '../host/projects.ts'
import type { Operations } from '../operations/operations.ts'
import { newId } from '../store/id.ts'
import type { ImageRecord, ImageVersion, InstanceRecord, Inventory, OperationRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import { everyPercent } from './percent.ts'
import type { Spooled } from './spool.ts'

/** First bytes of gzip, bzip2 and xz files; `unsquashed` formats of LXD are not AMS's. */
const formats = [
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
]

/**
 * Where something has to be done in a guest before Android, its image has to say that it waits.
 * @throws ApiError 501.
 */
export function mustHold({ name }: ImageRecord, { holds }: ImageVersion, what: string): void {
  if (holds) return
  throw notSupported(
    `${what} need an image that holds Android back until they are done (property anbox.hold); image "${name}" does not, and that is`,
  )
}

export type ImageParts = { projects: Projects; store: Store; operations: Operations; log: Logger }
/** Gives LXD the file system of a version. */
export type Provide = (tell: (progress: string) => void, signal: AbortSignal) => Promise<Provided>
export type Provided = { fingerprint: string } & Pick<ImageVersion, 'release'>

export class Images {
  readonly #parts: ImageParts
  /** Work in LXD by image, so that a restart of LXD's is not taken for one of the agent's. */
  readonly #underWay = new Map<string, Set<Promise<void>>>()
  readonly #closing = new AbortController()

  constructor(parts: ImageParts) {
    this.#parts = parts
  }

  /** Removes what an agent that died left half done. LXD must be online. */
  async resume(): Promise<void> {
    for (const image of this.#parts.store.images.list()) {
      if (this.#underWay.has(image.id)) continue
      if (image.goal === 'deleted') await this.#remove(image)
      else
        for (const { version, status } of image.versions)
          if (status === 'initializing') await this.drop(image.id, version)
    }
    // The project is the agent's own: an image there without a record is what a death between two writes left.
    for (const { fingerprint, properties } of await this.#parts.projects.main.images.list())
      if (fingerprint && !properties?.['anbox.application']) await this.forget(fingerprint)
  }

  list(): ImageRecord[] {
    return this.#parts.store.images.list().filter(({ goal }) => goal === 'kept')
  }

  /** By id or name. @throws ApiError 404. */
  get(idOrName: string): ImageRecord {
    const found = this.list().find(({ id, name }) => id === idOrName || name === idOrName)
    if (!found) throw notFound('image', idOrName)
    return found
  }

  /** @throws ApiError 404. */
  default(): ImageRecord {
    const found = this.list().find((image) => image.default)
    if (!found) throw notFound('image', 'default')
    return found
  }

  /** The version to launch: the newest active one unless a number is given; -1 too is the newest. @throws ApiError 404 and 400. */
  version(image: ImageRecord, number?: number | null): ImageVersion {
    const found =
      number == null || number < 0
        ? image.versions.findLast(({ status }) => status === 'active')
        : image.versions.find(({ version }) => version === number)
    if (!found) throw notFound('image version', `${image.name}@${number ?? 'latest'}`)
    if (found.status !== 'active')
      throw badRequest(`image "${image.name}" version ${found.version} is ${found.status}: wait until it is active`)
    return found
  }

  /** Said by the first six bytes of an upload. */
  static refusal(head: Buffer): string | undefined {
    return formats.some((magic) => magic.every((byte, index) => head[index] === byte))
      ? undefined
      : 'the upload is not an image: a gzip, bzip2 or xz compressed tarball is expected'
  }

  /** Makes an image of a spooled upload, which is gone once LXD has it. @throws ApiError 400 and 409; then it is left. */
  add(name: string, spooled: Spooled, wantsDefault: boolean): OperationRecord {
    return this.#create(name, wantsDefault, 'Adding image', this.#upload(spooled), spooled)
  }

  /** Makes the next version of an image, as `add` does. @throws ApiError 404 and 409. */
  addVersion(idOrName: string, spooled: Spooled): OperationRecord {
    const image = this.get(idOrName)
    if (image.versions.some(({ fingerprint }) => fingerprint === spooled.fingerprint))
      throw conflict(`image "${image.name}" has this very file as a version already`)
    return this.#begin(image, 'Updating image', this.#upload(spooled), spooled)
  }

  /** Makes an image of something that LXD has: `provide` gets it into LXD's store. @throws ApiError 400 and 409. */
  addFrom(
    name: string,
    wantsDefault: boolean,
    description: string,
    provide: Provide,
    fields: Pick<ImageRecord, 'remote'> = {},
  ): OperationRecord {
    return this.#create(name, wantsDefault, description, provide, undefined, fields)
  }

  /**
   * Makes the next version of something that LXD has. One that comes out as a version that is there is none.
   * @param goal `staged`: there, and nothing is launched from it until `activate`.
   */
  addVersionFrom(
    id: string,
    description: string,
    provide: Provide,
    goal: 'staged' | 'active' = 'active',
  ): OperationRecord {
    return this.#begin(this.get(id), description, provide, undefined, goal)
  }

  /** From now on it is the version that is launched, and that applications follow. */
  activate(id: string, number: number): void {
    this.#changeVersion(id, number, { status: 'active' })
  }

  note(id: string, number: number, inventory: Inventory): void {
    this.#changeVersion(id, number, { inventory })
  }

  /** @throws ApiError 404. Instances and applications that came of it go on: they hold a copy. */
  delete(idOrName: string): OperationRecord {
    const { store } = this.#parts
    const image = this.get(idOrName)
    store.images.change(image.id, (latest) => ({ ...latest, goal: 'deleted', default: false }))
    const next = image.default ? this.list()[0] : undefined
    if (next) store.images.change(next.id, (latest) => ({ ...latest, default: true }))
    return this.#removing(image.id, 'Deleting image', () => this.#remove(image))
  }

  /** @throws ApiError 404, and 409 for the only version. */
  deleteVersion(idOrName: string, number: number): OperationRecord {
    const image = this.get(idOrName)
    const version = image.versions.find((one) => one.version === number)
    if (!version) throw notFound('image version', `${image.name}@${number}`)
    if (version.status !== 'active') throw conflict(`version ${number} is ${version.status}: wait until it is active`)
    if (image.versions.length === 1)
      throw conflict(`version ${number} is the only one of image "${image.name}": delete the image instead`)
    return this.#removing(image.id, 'Deleting image version', () => this.drop(image.id, number))
  }

  setDefault(idOrName: string): OperationRecord {
    const wanted = this.get(idOrName)
    for (const { id } of this.list())
      this.#parts.store.images.change(id, (image) => ({ ...image, default: id === wanted.id }))
    return this.#parts.operations.done('Updating image', resourcesOf(wanted.id))
  }

  /** Ends what is under way; the next agent's `resume` puts it right. */
  async stop(): Promise<void> {
    this.#closing.abort(new Error('the agent is stopping'))
    await Promise.all([...this.#underWay.values()].flatMap((works) => [...works]))
  }

  /** Takes a file system out of LXD unless an image, an application, or an instance that is still to be made, needs it. */
  async forget(fingerprint: string, except?: string): Promise<void> {
    const { projects, store } = this.#parts
    if (!fingerprint) return
    const others = store.images.list().filter(({ id, goal }) => id !== except && goal === 'kept')
    const waiting = (record: InstanceRecord) => !record.made && record.image.fingerprint === fingerprint
    const bootstrapped = store.applications.list().some((application) =>
      application.versions.some(
        (version) =>
          version.fingerprint === fingerprint ||
          // It still has to be bootstrapped on it.
          (version.status === 'initializing' && version.image.fingerprint === fingerprint),
      ),
    )
    if (bootstrapped || store.instances.list().some(waiting)) return
    if (others.some(({ versions }) => versions.some((version) => version.fingerprint === fingerprint))) return
    await projects.removeImage(fingerprint)
  }

  #create(
    name: string,
    wantsDefault: boolean,
    description: string,
    provide: Provide,
    known?: Spooled,
    fields: Pick<ImageRecord, 'remote'> = {},
  ): OperationRecord {
    const { store } = this.#parts
    if (!/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/.test(name))
      throw badRequest(
        `image name ${JSON.stringify(name)}: letters, digits and "_.:-" are allowed, 255 at most; give it in X-AMS-Request as {"name": …}`,
      )
    if (store.images.list().some((image) => image.name === name))
      throw conflict(`an image "${name}" exists already: delete it first, or choose another name`)
    const others = this.list()
    const isDefault = wantsDefault || others.length === 0
    if (isDefault) for (const { id } of others) store.images.change(id, (image) => ({ ...image, default: false }))
    const image: ImageRecord = {
      id: newId(),
      name,
      createdAt: Math.floor(Date.now() / 1000),
      default: isDefault,
      architecture: '',
      goal: 'kept',
      versions: [],
      nextVersion: 0,
      ...fields,
    }
    return this.#begin(image, description, provide, known)
  }

  #begin(
    image: ImageRecord,
    description: string,
    provide: Provide,
    known?: Spooled,
    goal: 'staged' | 'active' = 'active',
  ): OperationRecord {
    const { store, operations } = this.#parts
    const number = image.nextVersion
    const version: ImageVersion = {
      version: number,
      fingerprint: known?.fingerprint ?? '',
      size: known?.size ?? 0,
      createdAt: Math.floor(Date.now() / 1000),
      status: 'initializing',
      holds: false,
      readsSession: false,
    }
    store.images.put({ ...image, versions: [...image.versions, version], nextVersion: number + 1 })
    const operation = operations.create({ description, resources: resourcesOf(image.id) })
    this.#track(image.id, this.#provide(image.id, number, provide, operation.id, goal))
    return operation
  }

  #upload({ path, fingerprint, size }: Spooled): Provide {
    const { images } = this.#parts.projects.main
    return async (tell, signal) => {
      try {
        if (await this.#present(fingerprint)) return { fingerprint }
        const onProgress = everyPercent((percent) => tell(`${percent}%`), size)
        await (await images.import(path, { size, onProgress, signal })).wait({ signal })
        return { fingerprint }
      } finally {
        rmSync(path, { force: true })
      }
    }
  }

  async #present(fingerprint: string) {
    return this.#parts.projects.main.images
      .get(fingerprint)
      .catch((error) => (error instanceof NotFoundError ? undefined : Promise.reject(error)))
  }

  async #provide(
    id: string,
    number: number,
    provide: Provide,
    operation: string,
    goal: 'staged' | 'active',
  ): Promise<void> {
    const { projects, store, operations, log } = this.#parts
    const { signal } = this.#closing
    try {
      const { fingerprint, release } = await provide(
        (progress) => operations.progress(operation, { upload_progress: progress }),
        signal,
      )
      const twin = store.images
        .get(id)
        ?.versions.find((one) => one.fingerprint === fingerprint && one.version !== number)
      if (twin) {
        await this.drop(id, number)
        if (goal === 'active') this.activate(id, twin.version)
        return operations.succeed(operation)
      }
      const { architecture = '', properties = {}, size: bytes = 0 } = await projects.main.images.get(fingerprint)
      const size = store.images.get(id)?.versions.find(({ version }) => version === number)?.size || bytes
      const [holds, readsSession] = [properties['anbox.hold'] === '1', properties['anbox.session'] === '1']
      store.images.change(id, (image) => ({ ...image, architecture }))
      this.#changeVersion(id, number, { fingerprint, release, size, holds, readsSession, status: goal })
      operations.succeed(operation)
    } catch (error) {
      if (signal.aborted) return
      const message = (error as Error).message
      log.warn({ image: id, error: message }, 'LXD did not take the image')
      await this.drop(id, number).catch(() => {})
      operations.fail(operation, `LXD did not take the image: ${message}`)
    }
  }

  #removing(id: string, description: string, remove: () => Promise<void>): OperationRecord {
    const { operations } = this.#parts
    const operation = operations.create({ description, resources: resourcesOf(id) })
    const work = remove().then(
      () => operations.succeed(operation.id),
      (error) => {
        if (this.#closing.signal.aborted) return
        const reason = (error as Error).message
        operations.fail(operation.id, `LXD could not remove it, the agent will try again when it is started: ${reason}`)
      },
    )
    this.#track(id, work)
    return operation
  }

  #track(id: string, work: Promise<void>): void {
    const works = this.#underWay.get(id) ?? new Set()
    this.#underWay.set(id, works)
    const done = work.finally(() => {
      works.delete(done)
      if (works.size === 0) this.#underWay.delete(id)
    })
    works.add(done)
  }

  #changeVersion(id: string, number: number, fields: Partial<ImageVersion>): void {
    this.#parts.store.images.change(id, (image) => ({
      ...image,
      versions: image.versions.map((version) => (version.version === number ? { ...version, ...fields } : version)),
    }))
  }

  /** Takes a version away. Nothing happens where it is gone. */
  async drop(id: string, number: number): Promise<void> {
    const { store } = this.#parts
    const before = store.images.get(id)
    const dropped = before?.versions.find(({ version }) => version === number)
    const image = store.images.change(id, (latest) => ({
      ...latest,
      versions: latest.versions.filter(({ version }) => version !== number),
    }))
    if (image?.versions.length === 0) store.images.delete(id)
    await this.forget(dropped?.fingerprint ?? '')
  }

  async #remove(image: ImageRecord): Promise<void> {
    for (const { fingerprint } of image.versions) await this.forget(fingerprint, image.id)
    this.#parts.store.images.delete(image.id)
  }
}

const resourcesOf = (id: string) => ({ images: [`/1.0/images/${id}`] })
