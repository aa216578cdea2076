// Makes sure that the LXD project is there and as restricted as it should be, at every start of the agent.
import { type LxdClient, NotFoundError } from '@anbox/sdk'
import type { Config } from '../config.ts'
import { ConfigurationError } from '../errors.ts'
import { projectConfig } from './definition.ts'

/** @param lxd client of the default project. @throws ConfigurationError where the pool or the network is missing. */
export async function ensureProject(lxd: LxdClient, config: Config, hasGpu: boolean): Promise<void> {
  const { project, storagePool, network } = config.lxd
  await must(
    lxd.storagePools.get(storagePool),
    `lxd.storagePool: LXD has no storage pool "${storagePool}"; make it with "lxc storage create ${storagePool} btrfs"`,
  )
  await must(
    lxd.networks.get(network),
    `lxd.network: LXD has no network "${network}"; make it with "lxc network create ${network}"`,
  )
  const wanted = projectConfig(config, hasGpu)
  try {
    const current = await lxd.projects.get(project)
    const drift = Object.entries(wanted).some(([key, value]) => current.config?.[key] !== value)
    if (drift) await lxd.projects.patch(project, { config: { ...current.config, ...wanted } })
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error
    await lxd.projects.create({ name: project, description: 'Android systems of Anbox Edge', config: wanted })
  }
}

async function must(answer: Promise<unknown>, otherwise: string): Promise<void> {
  await answer.catch((error) => {
    throw error instanceof NotFoundError ? new ConfigurationError(otherwise) : error
  })
}
