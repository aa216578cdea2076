// The LXD that the agent gets: a private one of this state, or the machine's own.
import { existsSync } from 'node:fs'
import { LxdClient } from '@anbox/sdk'
import { SetupError } from '../errors.ts'
import { startPrivateLxd } from '../lxd/index.ts'
import type { State } from './state.ts'

export type Lxd = {
  kind: 'private' | 'host'
  socketPath: string
  project: string
  storagePool: string
  network: string
}

type Step = { log: (line: string) => void; signal: AbortSignal }

export async function getLxd(state: State, host: string | true | undefined, step: Step): Promise<Lxd> {
  if (host !== undefined) return hostLxd(state, host)
  const { socketPath, bridge } = await startPrivateLxd({ directory: state.path('lxd'), ...step })
  return { kind: 'private', socketPath, project: 'anbox', storagePool: 'default', network: bridge }
}

async function hostLxd(state: State, socket: string | true): Promise<Lxd> {
  const usual = ['/var/snap/lxd/common/lxd/unix.socket', '/var/lib/lxd/unix.socket']
  const socketPath = socket === true ? usual.find((path) => existsSync(path)) : socket
  if (!socketPath || !existsSync(socketPath))
    throw new SetupError(
      `there is no LXD at ${socketPath ?? usual.join(' or ')}: install it (on Ubuntu \`sudo snap install lxd\`), or leave out --host-lxd`,
    )
  await using client = new LxdClient({ socketPath })
  const pools = await client.storagePools.list()
  const networks = await client.networks.list()
  const pool = pools.find(({ name }) => name === 'default') ?? pools[0]
  const network = networks.find(({ managed, type }) => managed && type === 'bridge')
  if (!pool?.name || !network?.name)
    throw new SetupError(
      `the LXD at ${socketPath} has no ${pool ? 'managed bridge' : 'storage pool'}: run \`lxd init --auto\` first`,
    )
  // A project of our own, so that all in it is ours to delete.
  return { kind: 'host', socketPath, project: `anbox-${state.id}`, storagePool: pool.name, network: network.name }
}

/** Deletes the quickstart's project in the machine's own LXD with all that is in it. */
export async function deleteProject({ socketPath, project }: Pick<Lxd, 'socketPath' | 'project'>): Promise<void> {
  await using root = new LxdClient({ socketPath })
  const client = root.project(project)
  if (!(await root.projects.list()).some(({ name }) => name === project)) return
  for (const { name = '', status } of await client.instances.list()) {
    if (status !== 'Stopped') await (await client.instances.setState(name, { action: 'stop', force: true })).wait()
    await (await client.instances.delete(name)).wait()
  }
  for (const { fingerprint = '' } of await client.images.list()) await (await client.images.delete(fingerprint)).wait()
  for (const { name = '' } of await client.profiles.list()) if (name !== 'default') await client.profiles.delete(name)
  await root.projects.delete(project)
}
