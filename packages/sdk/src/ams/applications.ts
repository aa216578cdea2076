import { path } from '../connection/path.ts'
import type { Api, CallOptions, Page, UpdateOptions, WithEtag } from '../operations/api.ts'
import { ifMatch } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { formatAmount, withAmounts } from './amounts.ts'
import { AmsApplicationVersions, type Manifest, manifestOf } from './application-versions.ts'
import type { Features } from './features.ts'
import { type PackageOptions, type PackageSource, sendPackage } from './package.ts'
import { entitled, type GetOptions, listQuery, type Paging } from './query.ts'
import type { Application, ApplicationPatch, ApplicationStatus } from './types.ts'

/** Each narrows the list further. */
export type AmsApplicationFilter = Paging & {
  id?: string
  name?: string
  instance_type?: string
  status?: ApplicationStatus
  boot_package?: string
  immutable?: boolean
  inhibit_auto_updates?: boolean
  published?: boolean
  /** All of them. */
  addons?: string[]
  abi?: string
  parent_image_variant?: string
  /** All of them. */
  tags?: string[]
}

/** What a change of these makes: a new version. */
const makesVersion: (keyof ApplicationPatch)[] = [
  'services',
  'features',
  'watchdog',
  'boot_activity',
  'required_permissions',
  'video_encoder',
  'manifest_version',
  'hooks',
  'bootstrap',
]

/** Applications by id or name. */
export class AmsApplications {
  readonly #api: Api
  readonly #features: Features
  readonly versions: AmsApplicationVersions

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
    this.versions = new AmsApplicationVersions(api, features)
  }

  async list(filter?: AmsApplicationFilter, options?: CallOptions): Promise<Application[]> {
    return (await this.page(filter, options)).items
  }

  /** As `list`, and how many there are in all, whatever `limit` says. */
  page(filter: AmsApplicationFilter = {}, options?: CallOptions): Promise<Page<Application>> {
    return this.#api.getPage('/1.0/applications', listQuery(filter), options)
  }

  /** Throws `NotFoundError`. */
  get(id: string, { entitlements, ...options }: GetOptions = {}): Promise<Application> {
    return this.#api.get(path`/1.0/applications/${id}`, entitled(entitlements), options)
  }

  getWithEtag(id: string, options?: CallOptions): Promise<WithEtag<Application>> {
    return this.#api.getWithEtag(path`/1.0/applications/${id}`, options)
  }

  /**
   * Makes an application of its package: `.tar.bz2`, or zip. `operation.resource('applications')` is its id; the operation
   * ends when its first version was bootstrapped. With `vm` that is done in a virtual machine.
   */
  create(
    source: PackageSource,
    { vm = false, ...options }: PackageOptions & { vm?: boolean } = {},
  ): Promise<Operation> {
    const features = vm ? ['vm_support'] : []
    const to = { method: 'POST', path: '/1.0/applications', query: { vm }, request: '', features } as const
    return sendPackage(this.#api, this.#features, to, source, options)
  }

  /** Makes a new version of another package. */
  upload(
    id: string,
    source: PackageSource,
    { etag, ...options }: PackageOptions & UpdateOptions = {},
  ): Promise<Operation> {
    const to = { method: 'PATCH', path: path`/1.0/applications/${id}`, request: '', etag } as const
    return sendPackage(this.#api, this.#features, to, source, options)
  }

  /** Changes what `body` names; `null` leaves it as it is. Some changes make a new version. */
  update(id: string, body: ApplicationPatch, { etag, ...options }: UpdateOptions = {}): Promise<Operation> {
    const { resources } = body
    const sent = resources
      ? { ...body, resources: withAmounts(resources, ['memory', 'disk-size'], formatAmount) }
      : body
    const needed = makesVersion.some((name) => body[name] != null) ? ['application_partial_updates'] : []
    return this.#features.need(needed, options, () =>
      this.#api.start('PATCH', path`/1.0/applications/${id}`, { body: sent, headers: ifMatch(etag), ...options }),
    )
  }

  /** Makes a new version of the same package, with what has changed around it: image, addons, settings. */
  rebuild(id: string, { etag, ...options }: UpdateOptions = {}): Promise<Operation> {
    // JSON without a body is how AMS is told so.
    const headers = { 'content-type': 'application/json', ...ifMatch(etag) }
    return this.#api.start('PATCH', path`/1.0/applications/${id}`, { headers, ...options })
  }

  /** With all its versions. `force` is needed for one that is used or immutable. */
  delete(id: string, { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/applications/${id}`, { body: { force }, ...options })
  }

  /** In one operation, which stops at the first that cannot be deleted. */
  deleteMany(ids: string[], { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#features.need('bulk_delete.applications', options, () =>
      this.#api.start('DELETE', '/1.0/applications', { body: { ids, force }, ...options }),
    )
  }

  /** Of the latest version. */
  manifest(id: string, options?: CallOptions): Promise<Manifest> {
    return manifestOf(this.#api, this.#features, path`/1.0/applications/${id}/manifest`, options)
  }
}
