import type { Readable } from 'node:stream'
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import type { Features } from './features.ts'

export type Manifest = {
  /** YAML, as AMS keeps it. */
  text: string
  /** As AMS states it in `X-AMS-ManifestSha256`. */
  sha256: string | undefined
}
export type ApplicationExport = {
  /** The version's image. Has to be read or destroyed. */
  stream: Readable
  /** In bytes, where the server says it. */
  size: number | undefined
  /** Of the version's manifest. */
  manifestSha256: string | undefined
}

/** The versions of an application, by its id or name and their number. */
export class AmsApplicationVersions {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  /** Lets instances be launched from it where no version is named. */
  publish(id: string, version: number, options?: CallOptions): Promise<Operation> {
    return this.#setPublished(id, version, true, options)
  }

  /** Takes a publication back. */
  revoke(id: string, version: number, options?: CallOptions): Promise<Operation> {
    return this.#setPublished(id, version, false, options)
  }

  delete(id: string, version: number, options: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    const { force = false, ...rest } = options
    return this.#api.start('DELETE', path`/1.0/applications/${id}/${version}`, { body: { force }, ...rest })
  }

  /** The version's image, for taking elsewhere. */
  async export(id: string, version: number, options?: CallOptions): Promise<ApplicationExport> {
    const { body, headers } = await this.#features.need('application_image_export', options, () =>
      this.#api.raw('GET', path`/1.0/applications/${id}/${version}`, options),
    )
    const length = headers['content-length']
    return { stream: body, size: length === undefined ? undefined : Number(length), manifestSha256: headers[hash] }
  }

  manifest(id: string, version: number, options?: CallOptions): Promise<Manifest> {
    return manifestOf(this.#api, this.#features, path`/1.0/applications/${id}/${version}/manifest`, options)
  }

  #setPublished(id: string, version: number, published: boolean, options?: CallOptions): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/applications/${id}/${version}`, { body: { published }, ...options })
  }
}

const hash = 'x-ams-manifestsha256'

export async function manifestOf(
  api: Api,
  features: Features,
  path: string,
  options: CallOptions | undefined,
): Promise<Manifest> {
  const { text, headers } = await features.need('application_manifest_download', options, () => api.text(path, options))
  return { text, sha256: headers[hash] }
}
