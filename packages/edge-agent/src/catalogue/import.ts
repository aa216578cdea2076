// Images of an image server (simplestreams): found by name, fetched and checked by their SHA-256 here, then given to LXD.
// LXD's own fetching is not used: it knows neither the server's token nor a CA of one's own.
import { openAsBlob, readFileSync, rmSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { type LxdClient, NotFoundError, SimpleStreams, type StreamImage } from '@anbox/sdk'
import { badRequest, conflict, notSupported } from '../errors.ts'
import type { ImageRecord, ImageVersion, OperationRecord } from '../store/records.ts'
import type { Settings } from '../store/settings.ts'
import type { Images, Provide } from './images.ts'
import { everyPercent } from './percent.ts'
import { openerOf } from './signed.ts'
import type { Spool } from './spool.ts'

export type ImporterParts = {
  lxd: LxdClient
  images: Images
  spool: Spool
  settings: Settings
  /** PEM file of the CA of the image server; "" for those that everybody trusts. */
  ca: string
  /** Keyring by which its lists must be signed; "" where they need not be. */
  keyring: string
}

export class Importer {
  readonly #parts: ImporterParts

  constructor(parts: ImporterParts) {
    this.#parts = parts
  }

  /**
   * Makes an image of one of the image server's.
   * @param path its name there, `NAME` or `NAME@VERSION`.
   * @throws ApiError 400, 409, and 501 where no image server is configured.
   */
  import(path: string, name: string, isDefault: boolean): OperationRecord {
    this.#source().close()
    const [remote = '', version = ''] = path.split('@')
    if (!remote)
      throw badRequest('path is missing: the name of the image at the image server, or source to publish an instance')
    const provide = this.#provide(remote, version, [])
    return this.#parts.images.addFrom(name || remote, isDefault, 'Importing image', provide, { remote })
  }

  /** Makes a new version where the server has a newer one. @throws ApiError 400, 404 and 501. */
  sync(idOrName: string): OperationRecord {
    const { images } = this.#parts
    const image = images.get(idOrName)
    if (!image.remote) throw badRequest(`image "${image.name}" is not from an image server: upload its next version`)
    this.#source().close()
    return images.addVersionFrom(image.id, 'Synchronising image', this.#provide(image.remote, '', image.versions))
  }

  /** Brings one build here, as a version that is launched only when it is proven. @throws where it is not what the server says. */
  stage(image: ImageRecord, release: string): OperationRecord {
    const provide = this.#provide(image.remote ?? '', release, image.versions)
    return this.#parts.images.addVersionFrom(image.id, 'Fetching image', provide, 'staged')
  }

  /** The newest build of an image; undefined where no server is configured. @throws where it cannot be asked, or has gone back. */
  async newest(image: ImageRecord, signal: AbortSignal): Promise<StreamImage | undefined> {
    if (!image.remote || !this.#parts.settings.imageServer().url) return undefined
    await using source = this.#source()
    return await this.#find(source, image.remote, '', image.versions, signal)
  }

  #source(): SimpleStreams {
    const { settings, ca, keyring } = this.#parts
    const { url, token } = settings.imageServer()
    if (!url)
      throw notSupported('importing images: no image server is configured (PATCH /1.0/config images.url), and that is')
    return new SimpleStreams({
      url,
      ...(ca && { ca: readFileSync(ca, 'utf8') }),
      ...(token && { bearer: token }),
      ...(keyring && { openSigned: openerOf(keyring) }),
    } as ConstructorParameters<typeof SimpleStreams>[0])
  }

  /** @param known versions that need not be fetched again, and that a newer one is newer than. */
  #provide(remote: string, wanted: string, known: readonly ImageVersion[]): Provide {
    return async (tell, signal) => {
      await using source = this.#source()
      const found = await this.#find(source, remote, wanted, known, signal)
      const provided = { fingerprint: found.fingerprint, release: found.version }
      // LXD may have it for another image of ours, and then does not take it again.
      if (known.some(({ fingerprint }) => fingerprint === found.fingerprint)) return provided
      if (await this.#present(found.fingerprint)) return provided
      const file = this.#parts.spool.path()
      try {
        const onProgress = everyPercent((percent) => tell(`${percent}%`), found.size)
        const { files } = await source.download(found, file, { onProgress, signal })
        await this.#give(files, signal)
        return provided
      } finally {
        for (const path of [file, `${file}.root`]) rmSync(path, { force: true })
      }
    }
  }

  async #find(
    source: SimpleStreams,
    remote: string,
    version: string,
    known: readonly ImageVersion[],
    signal: AbortSignal,
  ): Promise<StreamImage> {
    const newest = await source.find(remote, { signal })
    if (!version) {
      // An old list, given by whoever wants an old hole back, is refused. A build that was fetched and is not in use yet may be
      // taken back by its server.
      const inUse = known.filter(({ status }) => status === 'active').map(({ release = '' }) => release)
      const latest = inUse.sort().at(-1) ?? ''
      if (newest.version < latest)
        throw conflict(`the image server has ${newest.version} as the newest ${remote}, and ${latest} is here already`)
      return newest
    }
    if (newest.version === version) return newest
    const all = await source.list({ signal })
    const found = all.find(
      (one) => one.product === newest.product && one.type === newest.type && one.version === version,
    )
    if (!found)
      throw new NotFoundError(`the image server has no version ${version} of ${remote}`, { code: 'not-found' })
    return found
  }

  async #present(fingerprint: string): Promise<boolean> {
    const present = this.#parts.lxd.images.get(fingerprint).then(() => true)
    return present.catch((error) => (error instanceof NotFoundError ? false : Promise.reject(error)))
  }

  async #give(files: string[], signal: AbortSignal): Promise<void> {
    const { images } = this.#parts.lxd
    const [first = '', root] = files
    if (root === undefined) {
      await (await images.import(first, { size: statSync(first).size, signal })).wait({ signal })
      return
    }
    const form = new FormData()
    form.set('metadata', await openAsBlob(first), 'metadata')
    form.set('rootfs', await openAsBlob(root), 'rootfs')
    const { body, headers } = new Response(form)
    const boundary = /boundary=(.*)$/.exec(headers.get('content-type') ?? '')?.[1]
    if (!body || !boundary) throw conflict('the image could not be sent to LXD')
    await (await images.import(Readable.fromWeb(body as never), { boundary, signal })).wait({ signal })
  }
}
