// Gives a private LXD what a launch needs: the pool `default`, the bridge, and both in the profile `default`. Every step
// looks first, so it may be repeated after any interruption.
import { statfsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { AnboxError, LxdClient } from '@anbox/sdk'
import { freeSubnet } from './bridge.ts'

export type PoolDriver = 'btrfs' | 'dir'
type Setup = {
  directory: string
  socketPath: string
  bridge: string
  log: (line: string) => void
  signal?: AbortSignal
}

/** Gives the pool's driver. Throws what LXD said. */
export async function setUp(setup: Setup): Promise<PoolDriver> {
  const { bridge, socketPath, signal } = setup
  await using lxd = new LxdClient({ socketPath, timeout: 120_000 })
  // An image is removed by who brought it, never by LXD's own refresh.
  await lxd.server.patch({ config: { 'images.auto_update_interval': '0' } }, { signal })
  const driver = await ensurePool(lxd, setup)
  await ensureBridge(lxd, setup)
  const devices = {
    root: { type: 'disk', path: '/', pool: 'default' },
    eth0: { type: 'nic', network: bridge, name: 'eth0' },
  }
  const profile = await lxd.profiles.get('default', { signal })
  if (!isDeepStrictEqual(profile.devices, devices)) await lxd.profiles.patch('default', { devices }, { signal })
  return driver
}

async function ensurePool(lxd: LxdClient, { directory, log, signal }: Setup): Promise<PoolDriver> {
  const find = async () => (await lxd.storagePools.list({ signal })).find(({ name }) => name === 'default')
  const found = await settled(find, signal)
  if (found?.status === 'Created') return found.driver as PoolDriver
  if (found) await lxd.storagePools.delete('default', { signal })
  // A sparse file: it takes from the disk only what is written. Copies on btrfs cost next to nothing.
  const { bavail, bsize } = statfsSync(directory)
  const size = String(Math.floor(Math.min(20 * 2 ** 30, (bavail * bsize) / 2)))
  try {
    await lxd.storagePools.create({ name: 'default', driver: 'btrfs', config: { size } }, { signal })
    return 'btrfs'
  } catch (error) {
    if (!(error instanceof AnboxError)) throw error
    log(
      `no btrfs pool on a loop file is possible here, so instances are plain folders, which is slower: ${error.message}`,
    )
    await lxd.storagePools.create({ name: 'default', driver: 'dir', config: {} }, { signal })
    return 'dir'
  }
}

async function ensureBridge(lxd: LxdClient, { bridge, signal }: Setup): Promise<void> {
  const find = async () => (await lxd.networks.list({ signal })).find(({ name, managed }) => name === bridge && managed)
  const found = await settled(find, signal)
  if (found?.status === 'Created') return
  if (found) await lxd.networks.delete(bridge, { signal })
  const config = { 'ipv4.address': await freeSubnet(bridge), 'ipv4.nat': 'true', 'ipv6.address': 'none' }
  await lxd.networks.create({ name: bridge, type: 'bridge', config }, { signal })
}

/** LXD goes on with a creation when who asked for it is gone: what is not ready yet gets ten seconds. */
async function settled<T extends { status?: string }>(find: () => Promise<T | undefined>, signal?: AbortSignal) {
  let found = await find()
  for (let tries = 0; tries < 50 && found && found.status !== 'Created'; tries++) {
    await sleep(200, undefined, { signal })
    found = await find()
  }
  return found
}
