import { rmSync } from 'node:fs'
import { AmsClient } from '@anbox/sdk'
import { SetupError } from '../errors.ts'
import { cleanPrivateLxd, stopPrivateLxd } from '../lxd/index.ts'
import { stopAdb } from './adb.ts'
import { isAgentRunning, readConfiguration, stopAgent } from './agent.ts'
import { deleteProject } from './lxd.ts'
import type { State } from './state.ts'

/** Stops agent and Android systems; everything is there for the next run. */
export async function stop(state: State): Promise<void> {
  await stopAdb(state)
  // A private LXD stops its systems as it shuts down, and starts them again. In the machine's own they have to be asked.
  if (hostProject(state)) await stopInstances(state)
  await stopAgent(state)
  await stopPrivateLxd(state.path('lxd'))
}

async function stopInstances(state: State): Promise<void> {
  const socketPath = readConfiguration(state)?.api.socket
  if (!socketPath || !isAgentRunning(state))
    throw new SetupError(
      'the agent does not run, so nobody can stop its Android systems: run the quickstart again first',
    )
  await using client = new AmsClient({ socketPath })
  for (const { id, status } of await client.instances.list())
    if (status !== 'stopped' && status !== 'error') await (await client.instances.stop(id)).wait()
}

/** Deletes everything, from whatever state earlier runs left. */
export async function clean(state: State): Promise<void> {
  await stopAdb(state)
  await stopAgent(state)
  const host = hostProject(state)
  if (host) await deleteProject({ socketPath: host.socket, project: host.project })
  await cleanPrivateLxd(state.path('lxd'))
  const socket = readConfiguration(state)?.api.socket
  if (socket) rmSync(socket, { force: true })
  rmSync(state.folder, { recursive: true, force: true })
}

function hostProject(state: State): { socket: string; project: string } | undefined {
  const lxd = readConfiguration(state)?.lxd
  return lxd?.project === `anbox-${state.id}` ? lxd : undefined
}
