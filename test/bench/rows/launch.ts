// From the order to make an instance until its Android says that it has booted.
import { setTimeout as sleep } from 'node:timers/promises'
import { bootCheck, bootPauses, type LaunchBody } from '../drivers/orders.ts'
import type { Row } from '../row.ts'
import { resources, standin } from '../stage/agent.ts'
import { alias, type Stage } from '../stage/stage.ts'
import { drivers } from './contenders.ts'

const config = {
  'limits.cpu.allowance': `${resources.cpus * 100}ms/100ms`,
  'limits.memory': `${resources.memory}B`,
  'limits.processes': '4096',
  'security.idmap.isolated': 'true',
}
const size = `${resources.disk_size}B`

export const launch: Row = {
  name: 'launch',
  title: 'Launch until booted, LXD client',
  unit: 'ms',
  notes: ['Create, start, then the boot check at the agent’s intervals; the same image and limits for all.'],
  reasons: {
    lxc: 'nearly all of it is LXD’s and the guest’s own time; the rest is between which two looks the guest is up',
  },
  rounds: { full: 7, quick: 1 },
  fresh: true,
  async prepare(stage) {
    await stage.guest()
    const { ours, rivals, end } = await drivers(stage, stage.unix, ['pylxd'])
    const body = lxdBody(stage)
    return {
      ours: () => ours.order('launch', { body: body() }),
      rivals: {
        lxc: async () => [await launchWithLxc(stage, body().name)],
        pylxd: () => rivals.pylxd.order('launch', { body: body() }),
      },
      end,
    }
  },
}

export const launchAgent: Row = {
  name: 'launch-agent',
  title: 'Launch until running, through the agent',
  unit: 'ms',
  notes: [
    'The agent writes each step to its disk first and also waits for the guest’s address; lxc is `lxc launch` and `lxc exec` polled.',
  ],
  reasons: { lxc: 'the agent syncs its store to the disk at each step and waits for the guest’s address too' },
  rounds: { full: 7, quick: 1 },
  fresh: true,
  async prepare(stage) {
    await stage.guest()
    const agent = await stage.agent()
    const { ours, end } = await drivers(stage, agent.unix, [])
    const name = names()
    return {
      ours: () => ours.order('launch', { body: { name: name(), image_id: standin, resources } }),
      rivals: { lxc: async () => [await launchWithLxc(stage, name())] },
      end,
    }
  },
}

let number = 0
export const names = () => () => `launched-${number++}`

function lxdBody({ lxd }: Stage): () => LaunchBody {
  const name = names()
  const devices = {
    root: { type: 'disk', path: '/', pool: 'default', size },
    eth0: { type: 'nic', name: 'eth0', network: lxd.bridge, 'security.mac_filtering': 'true' },
  }
  return () => ({ name: name(), source: { type: 'image', alias }, profiles: [], config, devices })
}

type LaunchOptions = {
  image?: string
  isolated?: boolean
  /** Milliseconds since the measurement began. */
  now?: () => number
}

export async function launchWithLxc(
  { lxc }: Stage,
  name: string,
  { image = alias, isolated = true, now = stopwatch() }: LaunchOptions = {},
): Promise<number> {
  const wanted = Object.entries(config).filter(([key]) => isolated || key !== 'security.idmap.isolated')
  const settings = wanted.flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const devices = ['-d', `root,size=${size}`, '-d', 'eth0,security.mac_filtering=true']
  await lxc.run('launch', '--quiet', image, name, ...settings, ...devices)
  await untilBooted(lxc, name)
  const time = now()
  await lxc.run('delete', '--force', name)
  return time
}

function stopwatch(): () => number {
  const start = performance.now()
  return () => performance.now() - start
}

async function untilBooted(lxc: Stage['lxc'], name: string): Promise<void> {
  const booted = async () =>
    (await lxc.runWithin(5, 'exec', name, '--', ...bootCheck.command).catch(() => '')).trim() === bootCheck.expect
  for (let look = 0; !(await booted()); look++) await sleep(bootPauses[look] ?? bootPauses.at(-1))
}
