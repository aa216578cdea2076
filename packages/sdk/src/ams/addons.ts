import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Features } from './features.ts'
import { type PackageOptions, type PackageSource, sendPackage } from './package.ts'
import { entitled, type GetOptions, listQuery } from './query.ts'
import type { Addon } from './types.ts'

/** Hooks and files that are added to instances. */
export class AmsAddons {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  async list({ entitlements, ...options }: GetOptions = {}): Promise<Addon[]> {
    return (await this.#api.getPage<Addon>('/1.0/addons', listQuery({ entitlements }), options)).items
  }

  /** Throws `NotFoundError`. */
  get(name: string, { entitlements, ...options }: GetOptions = {}): Promise<Addon> {
    return this.#api.get(path`/1.0/addons/${name}`, entitled(entitlements), options)
  }

  /** Makes an addon of its package: `.tar.bz2`, or zip. Throws `ConflictError` where there is one of that name. */
  add(name: string, source: PackageSource, options: PackageOptions = {}): Promise<Operation> {
    const request = JSON.stringify({ name })
    return sendPackage(this.#api, this.#features, { method: 'POST', path: '/1.0/addons', request }, source, options)
  }

  /** Makes a new version of its package. */
  update(name: string, source: PackageSource, options: PackageOptions = {}): Promise<Operation> {
    const to = { method: 'PATCH', path: path`/1.0/addons/${name}`, request: '{}' } as const
    return sendPackage(this.#api, this.#features, to, source, options)
  }

  /** With all its versions. */
  delete(name: string, options?: CallOptions): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/addons/${name}`, options)
  }

  deleteVersion(name: string, version: number, options?: CallOptions): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/addons/${name}/${version}`, options)
  }
}
