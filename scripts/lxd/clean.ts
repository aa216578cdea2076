import { existsSync, readdirSync, rmSync } from 'node:fs'
import { attempt, systemEnvironment } from '../command.ts'
import { SetupError } from '../errors.ts'
import { killAll } from '../processes.ts'
import { bridgeName, bridgePorts, deleteBridge } from './bridge.ts'
import { removeControlGroups } from './cgroups.ts'
import { unmountBelow } from './mounts.ts'
import { placeOf, unbind } from './place.ts'
import { lxdProcesses } from './processes.ts'
import { readState } from './state.ts'

/**
 * Shuts the private LXD of a folder down and takes everything of it off the machine but its files: instances, processes,
 * mounts, the loop device, the bridge and its firewall rules. Works in whatever state an earlier process left it.
 */
export async function stopPrivateLxd(folder: string, name?: string): Promise<void> {
  const place = placeOf(folder)
  const bridge = name ?? readState(place.files)?.bridge ?? bridgeName(place.files)
  const ports = bridgePorts(bridge)
  if (lxdProcesses(place).some(({ kind }) => kind === 'daemon')) {
    const env = { ...systemEnvironment(), LXD_DIR: place.directory }
    // It stops the instances too, and waits for the slow ones.
    await attempt('lxd', ['shutdown', '--force', '--timeout', '40'], { env, timeout: 45_000 })
  }
  await killAll(() => lxdProcesses(place))
  await unmountBelow(place)
  await deleteBridge(bridge, ports)
  await unbind(place)
  await removeControlGroups(place)
}

/** Stops the private LXD of a folder and deletes the folder. Does nothing where there is nothing. */
export async function cleanPrivateLxd(folder: string, bridge?: string): Promise<void> {
  const { files } = placeOf(folder)
  if (existsSync(files) && readdirSync(files).length > 0 && !readState(files))
    throw new SetupError(`${files} is not the folder of a private LXD (it has no lxd.json): nothing was deleted`)
  await stopPrivateLxd(folder, bridge)
  rmSync(files, { recursive: true, force: true, maxRetries: 5 })
}
