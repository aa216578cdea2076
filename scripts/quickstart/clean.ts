import { rmSync } from 'node:fs'
import { LxdClient } from '@anbox/sdk'
import { cleanPrivateLxd, stopPrivateLxd } from '../lxd/index.ts'
import { stopAdb } from './adb.ts'
import { readConfiguration, stopAgent } from './agent.ts'
import { deleteProject } from './lxd.ts'
import type { State } from './state.ts'

/** Stops agent and Android systems; everything is there for the next run. */
export async function stop(state: State): Promise<void> {
  await stopAdb(state)
  await stopAgent(state)
  const host = hostProject(state)
  if (host) {
    await using root = new LxdClient({ socketPath: host.socket })
    const { instances } = root.project(host.project)
    for (const { name = '', status } of await instances.list())
      if (status !== 'Stopped') await (await instances.setState(name, { action: 'stop', timeout: 30 })).wait()
  }
  await stopPrivateLxd(state.path('lxd'))
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
