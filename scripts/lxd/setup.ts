// Gives a private LXD what a launch needs: the pool `default`, the bridge, and both in the profile `default`. Every step
// looks first, so it may be repeated after any interruption.
import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { attempt, run, systemEnvironment } from '../command.ts'
import { freeSubnet } from './bridge.ts'

export type PoolDriver = 'btrfs' | 'dir'
type Setup = { directory: string; bridge: string; log: (line: string) => void; signal?: AbortSignal }

/** Gives the pool's driver. Throws SetupError with LXD's words. */
export async function setUp(setup: Setup): Promise<PoolDriver> {
  // An image is removed by who brought it, never by LXD's own refresh.
  await query(setup, 'PATCH', '/1.0', { config: { 'images.auto_update_interval': '0' } })
  const driver = await ensurePool(setup)
  await ensureBridge(setup)
  const devices = {
    root: { type: 'disk', path: '/', pool: 'default' },
    eth0: { type: 'nic', network: setup.bridge, name: 'eth0' },
  }
  const profile = (await query(setup, 'GET', '/1.0/profiles/default')) as { devices: object }
  if (!isDeepStrictEqual(profile.devices, devices)) await query(setup, 'PATCH', '/1.0/profiles/default', { devices })
  return driver
}

async function ensurePool(setup: Setup): Promise<PoolDriver> {
  const pools = (await query(setup, 'GET', '/1.0/storage-pools?recursion=1')) as { name: string; driver: PoolDriver }[]
  const found = pools.find(({ name }) => name === 'default')
  if (found) return found.driver
  // A sparse file: it takes from the disk only what is written. Copies on btrfs cost next to nothing.
  const { bavail, bsize } = statfsSync(setup.directory)
  const size = Math.floor(Math.min(20 * 2 ** 30, (bavail * bsize) / 2))
  const btrfs = await attempt(
    'lxc',
    create('/1.0/storage-pools', { name: 'default', driver: 'btrfs', config: { size: `${size}` } }),
    {
      env: environment(setup),
      signal: setup.signal,
    },
  )
  if (btrfs.code === 0) return 'btrfs'
  setup.log(
    `no btrfs pool on a loop file is possible here, so instances are kept as plain folders, which is slower: ${btrfs.stderr.trim()}`,
  )
  await query(setup, 'POST', '/1.0/storage-pools', { name: 'default', driver: 'dir' })
  return 'dir'
}

async function ensureBridge(setup: Setup): Promise<void> {
  const networks = (await query(setup, 'GET', '/1.0/networks?recursion=1')) as { name: string; managed: boolean }[]
  if (networks.some(({ name, managed }) => name === setup.bridge && managed)) return
  const config = { 'ipv4.address': await freeSubnet(setup.bridge), 'ipv4.nat': 'true', 'ipv6.address': 'none' }
  await query(setup, 'POST', '/1.0/networks', { name: setup.bridge, type: 'bridge', config })
}

async function query(setup: Setup, method: string, path: string, body?: object): Promise<unknown> {
  const args = body ? ['query', '-X', method, '-d', JSON.stringify(body), path] : ['query', '-X', method, path]
  const text = await run('lxc', args, { env: environment(setup), signal: setup.signal })
  return text.trim() === '' ? undefined : JSON.parse(text)
}

function create(path: string, body: object): string[] {
  return ['query', '-X', 'POST', '-d', JSON.stringify(body), path]
}

function environment({ directory }: Setup): NodeJS.ProcessEnv {
  // `lxc` keeps a configuration of its own: not in the person's home.
  return { ...systemEnvironment(), LXD_DIR: directory, LXD_CONF: join(directory, 'lxc-client') }
}
