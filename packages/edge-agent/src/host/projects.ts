// The LXD projects that the Android systems live in. They are filled one after the other, since LXD 5.0 takes longer to make
// an instance with each one that a restricted project has. The first has the images; the others get theirs from it.
import { type LxdClient, NotFoundError } from '@anbox/sdk'
import type { Config } from '../config.ts'
import { ConfigurationError } from '../errors.ts'
import type { InstanceRecord } from '../store/records.ts'
import { projectConfig } from './definition.ts'
import type { MachineWatch } from './machine.ts'

/** Config key on the other projects that names the first. */
const firstKey = 'user.anbox.first'

export type LxdInstance = Awaited<ReturnType<LxdClient['instances']['get']>>
type Placed = Pick<InstanceRecord, 'lxdProject'>

export class Projects {
  /** The first. */
  readonly main: LxdClient
  readonly #root: LxdClient
  readonly #config: Config
  readonly #machine: MachineWatch
  readonly #clients = new Map<string, LxdClient>()

  /** @param root client of no project. */
  constructor(root: LxdClient, config: Config, machine: MachineWatch) {
    this.#root = root
    this.#config = config
    this.#machine = machine
    this.main = this.of({})
  }

  /** LXD as the project of an instance. */
  of({ lxdProject = this.#config.lxd.project }: Placed): LxdClient {
    const client = this.#clients.get(lxdProject) ?? this.#root.project(lxdProject)
    this.#clients.set(lxdProject, client)
    return client
  }

  /** Where one more instance goes: `lxdProject` of its record. */
  place(others: readonly Placed[]): string | undefined {
    const { project, instancesPerProject: most } = this.#config.lxd
    for (let number = 1; ; number += 1) {
      const lxdProject = number === 1 ? undefined : `${project}-${number}`
      if (others.filter((other) => other.lxdProject === lxdProject).length < most) return lxdProject
    }
  }

  /**
   * Makes sure that the projects are there and as restricted as they should be.
   * @throws ConfigurationError where the pool or the network is missing.
   */
  async ensure(): Promise<void> {
    const { project, storagePool, network } = this.#config.lxd
    await must(
      this.#root.storagePools.get(storagePool),
      `lxd.storagePool: LXD has no storage pool "${storagePool}"; make it with "lxc storage create ${storagePool} btrfs"`,
    )
    await must(
      this.#root.networks.get(network),
      `lxd.network: LXD has no network "${network}"; make it with "lxc network create ${network}"`,
    )
    for (const name of [project, ...(await this.#others())]) await this.#ensureOne(name)
    await this.#sweepImages()
  }

  /** Makes sure that the project of an instance is there, and has its image. */
  async prepare({ lxdProject, copyOf, image }: InstanceRecord, signal: AbortSignal): Promise<void> {
    if (!lxdProject) return
    await this.#ensureOne(lxdProject)
    if (copyOf) return
    const to = this.of({ lxdProject })
    const known = await to.images.get(image.fingerprint, { signal }).catch(unlessMissing)
    if (!known) await (await this.main.images.copy(image.fingerprint, to, { signal })).wait({ signal })
  }

  /** Makes an image of a stopped instance. @returns its fingerprint; it is in the first project. */
  async publish(
    record: Placed & Pick<InstanceRecord, 'lxdName'>,
    signal: AbortSignal,
    properties = {},
  ): Promise<string> {
    const { images } = this.of(record)
    const making = await images.publish(record.lxdName, { compression: 'none', properties, signal })
    const { metadata } = await making.wait({ signal })
    const fingerprint = metadata?.fingerprint
    if (!fingerprint) throw new Error('LXD made an image and did not say which')
    if (!record.lxdProject) return fingerprint
    await (await images.copy(fingerprint, this.main, { signal })).wait({ signal })
    await (await images.delete(fingerprint)).wait({ signal })
    return fingerprint
  }

  /** Removes an image from all projects, the first one last. */
  async removeImage(fingerprint: string): Promise<void> {
    for (const name of [...(await this.#others()), undefined]) await this.#removeFrom(name, fingerprint)
  }

  /** What LXD has in the projects of these records, by the name of the instance. */
  async instances(records: readonly Placed[], signal: AbortSignal): Promise<Map<string, LxdInstance>> {
    const found = new Map<string, LxdInstance>()
    for (const lxdProject of new Set(records.map((record) => record.lxdProject)))
      for (const instance of await this.of({ lxdProject }).instances.list({ signal }))
        found.set(instance.name ?? '', instance)
    return found
  }

  #others(): Promise<string[]> {
    return otherProjects(this.#root, this.#config.lxd.project)
  }

  async #ensureOne(name: string): Promise<void> {
    const { project } = this.#config.lxd
    const hasGpu = (this.#machine.facts?.gpus ?? []).some(({ type }) => type !== 'none')
    const wanted = { ...projectConfig(this.#config, hasGpu), ...(name !== project && { [firstKey]: project }) }
    const current = await this.#root.projects.get(name).catch(unlessMissing)
    if (!current)
      return this.#root.projects.create({ name, description: 'Android systems of Anbox Edge', config: wanted })
    if (name !== project && current.config?.[firstKey] !== project)
      throw new ConfigurationError(`lxd.project: there is an LXD project "${name}" that is not the agent's: rename it`)
    const drift = Object.entries(wanted).some(([key, value]) => current.config?.[key] !== value)
    if (drift) await this.#root.projects.patch(name, { config: { ...current.config, ...wanted } })
  }

  /** What a death left of a `publish`: the other projects have no images of their own. */
  async #sweepImages(): Promise<void> {
    const known = new Set((await this.main.images.list()).map(({ fingerprint }) => fingerprint))
    for (const lxdProject of await this.#others())
      for (const { fingerprint = '' } of await this.of({ lxdProject }).images.list())
        if (!known.has(fingerprint)) await this.#removeFrom(lxdProject, fingerprint)
  }

  async #removeFrom(lxdProject: string | undefined, fingerprint: string): Promise<void> {
    const removing = await this.of({ lxdProject }).images.delete(fingerprint).catch(unlessMissing)
    await removing?.wait().catch(unlessMissing)
  }
}

/** Names of those after the first that LXD has. */
export async function otherProjects(root: LxdClient, first: string): Promise<string[]> {
  const found = await root.projects.list()
  return found.flatMap(({ name = '', config }) => (config?.[firstKey] === first ? [name] : []))
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof NotFoundError)) throw error
}

async function must(answer: Promise<unknown>, otherwise: string): Promise<void> {
  await answer.catch((error) => {
    throw error instanceof NotFoundError ? new ConfigurationError(otherwise) : error
  })
}
