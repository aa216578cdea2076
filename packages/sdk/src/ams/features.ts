// What a server can do, by the names in its `api_extensions`. Nothing is asked for beforehand: a call that needs a feature
// is made, and only its refusal is looked into. So a server that can do more than it says is not held back.
import { AnboxError, NotSupportedError } from '../errors.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Service } from './types.ts'

/** How a server refuses what it does not know: a path, a method, a field, or outright. */
const unknown = [400, 404, 405, 501]

export class Features {
  readonly #api: Api
  #names: string[] | undefined

  constructor(api: Api) {
    this.#api = api
  }

  /** Asks the server once. */
  async has(name: string, options?: CallOptions): Promise<boolean> {
    // Open to everybody, and so needs no token; whoever gets tokens may ask for it.
    const service = () => this.#api.send<Service>('GET', '/1.0', { anonymous: true, ...options })
    this.#names ??= (await service()).api_extensions ?? []
    return this.#names.includes(name)
  }

  /** What is known without asking. */
  known(name: string): boolean | undefined {
    return this.#names?.includes(name)
  }

  /** Makes a call that needs features. A refusal by a server that lacks one is a `NotSupportedError` that names it. */
  async need<T>(names: string | string[], options: CallOptions | undefined, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      if (!isUnknown(error)) throw error
      for (const name of [names].flat()) if (!(await this.may(name, options))) throw notSupported(name, error)
      throw error
    }
  }

  /** Whether it may have it: a server that cannot be asked now has said enough with its refusal. */
  async may(name: string, options?: CallOptions): Promise<boolean> {
    return this.has(name, options).catch(() => true)
  }
}

export function isUnknown(error: unknown, statuses = unknown): error is AnboxError {
  return error instanceof AnboxError && statuses.includes(error.status ?? 0)
}

function notSupported(name: string, cause: AnboxError): NotSupportedError {
  const { status, method, path, server } = cause
  return new NotSupportedError(`${method} ${path}: the server has no "${name}", and refused: ${server} (${status})`, {
    code: 'not-supported',
    status,
    method,
    path,
    server,
    cause,
  })
}
