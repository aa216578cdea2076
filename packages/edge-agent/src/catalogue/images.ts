// Images: what instances are launched from. A record with versions here, the file systems in LXD's image store.
//
// An upload is spooled to the state directory while its SHA-256 is taken, then given to LXD; the record's version says
// `initializing` until LXD has it. After a crash, `resume` removes what did not get there.
import { createHash, randomBytes } from 'node:crypto'
import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type LxdClient, NotFoundError } from '@anbox/sdk'
import { badRequest, conflict, notFound, notNow } from '../errors.ts'
import type { Operations } from '../operations/operations.ts'
import { newId } from '../store/id.ts'
import type { ImageRecord, ImageVersion, InstanceRecord, OperationRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'

/** Image formats by their first bytes; `unsquashed` formats of LXD are not AMS's. */
const formats: { name: string; magic: number[] }[] = [
  { name: 'gzip', magic: [0x1f, 0x8b] },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
]

export type Spooled = { path: string; fingerprint: string; size: number }
export type ImageParts = { lxd: LxdClient; store: Store; operations: Operations; log: Logger; stateDirectory: string }

export class Images {
  readonly #parts: ImageParts
  readonly #spool: string
  /** Work in LXD by image, so that a restart of LXD's is not taken for one of the agent's. */
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #closing = new AbortController()

  constructor(parts: ImageParts) {
    this.#parts = parts
    this.#spool = join(parts.stateDirectory, 'spool')
    rmSync(this.#spool, { recursive: true, force: true })
    mkdirSync(this.#spool, { recursive: true, mode: 0o700 })
  }

  /** Removes what an agent that died left half done. LXD must be online. */
  async resume(): Promise<void> {
    for (const image of this.#parts.store.images.list()) {
      if (this.#underWay.has(image.id)) continue
      if (image.goal === 'deleted') await this.#remove(image)
      else
        for (const { fingerprint, status } of image.versions)
          if (status === 'initializing') await this.#dropVersion(image.id, fingerprint)
    }
    // The project is the agent's own: an image there without a record is what a death between two writes left.
    for (const { fingerprint } of await this.#parts.lxd.images.list()) if (fingerprint) await this.#forget(fingerprint)
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

  /** The version to launch: the newest active one unless a number is given. @throws ApiError 404 and 400. */
  version(image: ImageRecord, number?: number | null): ImageVersion {
    const found =
      number == null
        ? image.versions.findLast(({ status }) => status === 'active')
        : image.versions.find(({ version }) => version === number)
    if (!found) throw notFound('image version', `${image.name}@${number ?? 'latest'}`)
    if (found.status !== 'active')
      throw badRequest(`image "${image.name}" version ${found.version} is ${found.status}: wait until it is active`)
    return found
  }

  /** Takes an upload to its end, even when it is refused: a client that still sends would not see the answer. */
  async receive(body: Readable, fingerprint: string | undefined, signal: AbortSignal): Promise<Spooled> {
    const path = join(this.#spool, randomBytes(8).toString('hex'))
    const hash = createHash('sha256')
    let size = 0
    let head = Buffer.alloc(0)
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        size += chunk.length
        if (head.length < 6) head = Buffer.concat([head, chunk.subarray(0, 6)])
        done(null, chunk)
      },
    })
    try {
      await pipeline(body, measure, createWriteStream(path, { mode: 0o600 }), { signal })
      const found = hash.digest('hex')
      if (size === 0) throw badRequest('the upload is empty: send the image file as the body')
      if (!formats.some(({ magic }) => magic.every((byte, index) => head[index] === byte)))
        throw badRequest('the upload is not an image: a gzip, bzip2 or xz compressed tarball is expected')
      if (fingerprint && fingerprint.toLowerCase() !== found)
        throw badRequest(
          `the upload's SHA-256 is ${found}, not ${fingerprint} as X-AMS-Fingerprint says: it was damaged on its way`,
        )
      return { path, fingerprint: found, size }
    } catch (error) {
      rmSync(path, { force: true })
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
        throw notNow(`the disk of ${this.#spool} is full: free some space there and upload again`)
      throw error
    }
  }

  /** Makes an image of a spooled upload. @throws ApiError 400 and 409, the spool file removed. */
  add(name: string, spooled: Spooled, wantsDefault: boolean): OperationRecord {
    const { store, operations } = this.#parts
    try {
      if (!/^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/.test(name))
        throw badRequest(
          `image name ${JSON.stringify(name)}: letters, digits and "_.:-" are allowed, 255 at most; give it in X-AMS-Request as {"name": …}`,
        )
      if (store.images.list().some((image) => image.name === name))
        throw conflict(`an image "${name}" exists already: delete it first, or choose another name`)
    } catch (error) {
      rmSync(spooled.path, { force: true })
      throw error
    }
    const others = this.list()
    const now = Math.floor(Date.now() / 1000)
    const isDefault = wantsDefault || others.length === 0
    if (isDefault) for (const { id } of others) store.images.change(id, (image) => ({ ...image, default: false }))
    const { fingerprint, size } = spooled
    const version: ImageVersion = {
      version: 0,
      fingerprint,
      size,
      createdAt: now,
      status: 'initializing',
      errorMessage: '',
    }
    const image = store.images.put({
      id: newId(),
      name,
      createdAt: now,
      default: isDefault,
      architecture: '',
      goal: 'kept',
      versions: [version],
    })
    const operation = operations.create({
      description: 'Adding image',
      resources: { images: [`/1.0/images/${image.id}`] },
    })
    this.#begin(image.id, this.#import(image.id, spooled, operation.id))
    return operation
  }

  /** @throws ApiError 404. Instances that were launched from it go on. */
  delete(idOrName: string): OperationRecord {
    const { store, operations } = this.#parts
    const image = this.get(idOrName)
    store.images.change(image.id, (latest) => ({ ...latest, goal: 'deleted', default: false }))
    const next = image.default ? this.list()[0] : undefined
    if (next) store.images.change(next.id, (latest) => ({ ...latest, default: true }))
    const operation = operations.create({
      description: 'Deleting image',
      resources: { images: [`/1.0/images/${image.id}`] },
    })
    const removing = this.#remove(image).then(
      () => operations.succeed(operation.id),
      (error) => {
        if (this.#closing.signal.aborted) return
        const reason = (error as Error).message
        operations.fail(operation.id, `LXD could not remove it, the agent will try again when it is started: ${reason}`)
      },
    )
    this.#begin(image.id, removing)
    return operation
  }

  setDefault(idOrName: string): void {
    const wanted = this.get(idOrName)
    for (const { id } of this.list())
      this.#parts.store.images.change(id, (image) => ({ ...image, default: id === wanted.id }))
  }

  /** Ends what is under way; the next agent's `resume` puts it right. */
  async stop(): Promise<void> {
    this.#closing.abort(new Error('the agent is stopping'))
    await Promise.all(this.#underWay.values())
  }

  #begin(id: string, work: Promise<void>): void {
    const done = work.finally(() => this.#underWay.get(id) === done && this.#underWay.delete(id))
    this.#underWay.set(id, done)
  }

  async #import(id: string, { path, fingerprint, size }: Spooled, operation: string): Promise<void> {
    const { lxd, store, operations, log } = this.#parts
    const { signal } = this.#closing
    try {
      const present = await lxd.images
        .get(fingerprint)
        .catch((error) => (error instanceof NotFoundError ? undefined : Promise.reject(error)))
      if (!present) {
        const onProgress = ({ transferred }: { transferred: number }) =>
          operations.progress(operation, { upload_progress: `${Math.floor((100 * transferred) / size)}%` })
        const importing = lxd.images.import(path, { size, onProgress: everyPercent(onProgress, size), signal })
        await (await importing).wait({ signal })
      }
      const { architecture = '' } = present ?? (await lxd.images.get(fingerprint))
      store.images.change(id, (image) => ({
        ...image,
        architecture,
        versions: image.versions.map((version) =>
          version.fingerprint === fingerprint ? { ...version, status: 'active' } : version,
        ),
      }))
      operations.succeed(operation)
    } catch (error) {
      if (signal.aborted) return
      const message = (error as Error).message
      log.warn({ image: id, error: message }, 'LXD did not take the image')
      await this.#dropVersion(id, fingerprint).catch(() => {})
      operations.fail(operation, `LXD did not take the image: ${message}`)
    } finally {
      rmSync(path, { force: true })
    }
  }

  async #dropVersion(id: string, fingerprint: string): Promise<void> {
    const { store } = this.#parts
    const image = store.images.change(id, (latest) => ({
      ...latest,
      versions: latest.versions.filter((version) => version.fingerprint !== fingerprint),
    }))
    if (image?.versions.length === 0) store.images.delete(id)
    await this.#forget(fingerprint)
  }

  async #remove(image: ImageRecord): Promise<void> {
    for (const { fingerprint } of image.versions) await this.#forget(fingerprint, image.id)
    this.#parts.store.images.delete(image.id)
  }

  /** Takes a file system out of LXD unless another image, or an instance that is still to be made, needs it. */
  async #forget(fingerprint: string, except?: string): Promise<void> {
    const { lxd, store } = this.#parts
    const others = store.images.list().filter(({ id, goal }) => id !== except && goal === 'kept')
    const waiting = (record: InstanceRecord) => !record.made && record.image.fingerprint === fingerprint
    if (others.some(({ versions }) => versions.some((version) => version.fingerprint === fingerprint))) return
    if (store.instances.list().some(waiting)) return
    try {
      await (await lxd.images.delete(fingerprint)).wait()
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
    }
  }
}

/** An operation event a percent, not one a chunk. */
function everyPercent(tell: (progress: { transferred: number }) => void, size: number) {
  let last = -1
  return (progress: { transferred: number }) => {
    const percent = Math.floor((100 * progress.transferred) / size)
    if (percent !== last) tell(progress)
    last = percent
  }
}
