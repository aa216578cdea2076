import { path } from '../connection/path.ts'
import { NotFoundError } from '../errors.ts'
import { type Api, type CallOptions, ifMatch, type UpdateOptions, type WithEtag } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Features } from './features.ts'
import { type PackageOptions, type PackageSource, sendPackage } from './package.ts'
import { entitled, type GetOptions, listQuery } from './query.ts'
import type { Image, ImagePatch, ImagesPost } from './types.ts'

type OfType = {
  /** Two images may share a name, one for each; any unless said. */
  type?: 'container' | 'vm'
}
export type UploadOptions = PackageOptions & {
  /** Becomes the image that is used where none is named. */
  default?: boolean
  type?: 'container' | 'vm'
}
export type PublishOptions = CallOptions & {
  /** Becomes the image that is used where none is named. */
  default?: boolean
  /** Stops the instance first; it must not run. */
  force?: boolean
}

/** Images by id or name. */
export class AmsImages {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  async list({ entitlements, ...options }: GetOptions = {}): Promise<Image[]> {
    return (await this.#api.getPage<Image>('/1.0/images', listQuery({ entitlements }), options)).items
  }

  /** Throws `NotFoundError`. */
  get(id: string, { type, entitlements, ...options }: GetOptions & OfType = {}): Promise<Image> {
    return this.#api.get(path`/1.0/images/${id}`, { ...typed(type), ...entitled(entitlements) }, options)
  }

  getWithEtag(id: string, { type, ...options }: CallOptions & OfType = {}): Promise<WithEtag<Image>> {
    return this.#api.getWithEtag(path`/1.0/images/${id}`, options, typed(type))
  }

  /** The image that is used where none is named. There is one for each type. Throws `NotFoundError`. */
  async getDefault({ type, ...options }: CallOptions & OfType = {}): Promise<Image> {
    // The answer is one object, or a list of objects without `recursion`, as AMS's own client wants it.
    const found = [await this.#api.get<Image | Image[] | null>('/1.0/images', { default: true }, options)].flat()
    const image = found.find((image) => image?.default && (type === undefined || image.type === type))
    if (image) return image
    throw new NotFoundError(`GET /1.0/images: there is no default image${type ? ` of type ${type}` : ''}`, {
      code: 'not-found',
      method: 'GET',
      path: '/1.0/images',
    })
  }

  /** Sends an image: `operation.resource('images')` is its id. The tarball is compressed with gzip, bzip2 or xz. */
  upload(name: string, source: PackageSource, options: UploadOptions = {}): Promise<Operation> {
    const { default: isDefault = false, type = '', ...rest } = options
    const request = JSON.stringify({ name, default: isDefault, type })
    const features = type === 'vm' ? ['vm_support'] : []
    const to = { method: 'POST', path: '/1.0/images', request, features } as const
    return sendPackage(this.#api, this.#features, to, source, rest)
  }

  /** Sends a new version of an image. */
  uploadVersion(id: string, source: PackageSource, options: PackageOptions & UpdateOptions = {}): Promise<Operation> {
    const { etag, ...rest } = options
    const request = JSON.stringify({ default: null, force_sync: false })
    const to = { method: 'PATCH', path: path`/1.0/images/${id}`, request, etag } as const
    return sendPackage(this.#api, this.#features, to, source, rest)
  }

  /** Lets the server fetch `path`, a name on its image server such as `jammy:android15:arm64`, or `name@version`. */
  import(body: ImagesPost, options?: CallOptions): Promise<Operation> {
    const features = [...(body.type === 'vm' ? ['vm_support'] : []), ...(body.source ? ['instance_publish'] : [])]
    return this.#features.need(features, options, () => this.#api.start('POST', '/1.0/images', { body, ...options }))
  }

  /** Makes an image of an instance that has been stopped: `operation.resource('images')` is its id. */
  publish(instance: string, name: string, options: PublishOptions = {}): Promise<Operation> {
    const { default: isDefault = false, force = false, ...rest } = options
    return this.import({ name, default: isDefault, source: { type: 'instance', instance, force } }, rest)
  }

  update(id: string, body: ImagePatch, { etag, ...options }: UpdateOptions = {}): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/images/${id}`, { body, headers: ifMatch(etag), ...options })
  }

  /** Makes it the image that is used where none is named. */
  setDefault(id: string, options?: UpdateOptions): Promise<Operation> {
    return this.update(id, { default: true }, options)
  }

  /** Lets the server look for a new version on its image server now. */
  sync(id: string, options?: UpdateOptions): Promise<Operation> {
    return this.update(id, { force_sync: true }, options)
  }

  /** With all its versions. `force` is needed for one that is immutable, as what came from an image server is. */
  delete(id: string, options: CallOptions & OfType & { force?: boolean } = {}): Promise<Operation> {
    const { force = false, type, ...rest } = options
    return this.#api.start('DELETE', path`/1.0/images/${id}`, { body: { force }, query: typed(type), ...rest })
  }

  deleteVersion(id: string, version: number, options?: CallOptions): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/images/${id}/${version}`, options)
  }
}

/** Without it AMS looks for containers only; empty means any. */
function typed(type: OfType['type']): { type: string } {
  return { type: type ?? '' }
}
