// An image made of an instance that is stopped, or is stopped for it.
import { badRequest } from '../errors.ts'
import type { Instances } from '../host/instances.ts'
import type { Projects } from '../host/projects.ts'
import type { Operations } from '../operations/operations.ts'
import type { OperationRecord } from '../store/records.ts'
import type { Images } from './images.ts'

export class Publisher {
  readonly #projects: Projects
  readonly #instances: Instances
  readonly #images: Images
  readonly #operations: Operations

  constructor(projects: Projects, instances: Instances, images: Images, operations: Operations) {
    this.#projects = projects
    this.#instances = instances
    this.#images = images
    this.#operations = operations
  }

  /** @throws ApiError 400, 404 and 409. */
  publish(idOrName: string, name: string, isDefault: boolean, force: boolean): OperationRecord {
    const instance = this.#instances.get(idOrName)
    const { id, status, name: known } = instance
    const still = status === 'stopped' || status === 'error'
    if (!still && !force)
      throw badRequest(`instance "${known}" is ${status}: stop it first, or have it stopped with source.force`)
    return this.#images.addFrom(name || known, isDefault, 'Publishing instance', async (tell, signal) => {
      if (!still) {
        tell('stopping the instance')
        const stopping = this.#instances.change(id, { desired_status: 'stopped' }, false)
        const { err } = await this.#operations.wait(stopping.id, -1, signal)
        signal.throwIfAborted()
        if (err) throw new Error(err)
      }
      tell('making an image of it')
      // `anbox.hold` and the like come along: they are properties of what the instance was made from.
      return { fingerprint: await this.#projects.publish(instance, signal) }
    })
  }
}
