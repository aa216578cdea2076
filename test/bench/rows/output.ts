// 200 MB of a command's output: how fast it comes, and what it costs in memory to read it slowly.
import type { Target } from '../drivers/orders.ts'
import type { Measure, Row } from '../row.ts'
import { project } from '../stage/agent.ts'
import type { DriverKind } from '../stage/driver.ts'
import { watchPeak } from '../stage/memory.ts'
import type { Stage } from '../stage/stage.ts'
import { drivers, times } from './contenders.ts'

const megabytes = 200
const bytes = megabytes * 1e6
const command = ['dd', 'if=/dev/zero', 'bs=1000000', `count=${megabytes}`]
const speed = (milliseconds: number) => megabytes / (milliseconds / 1000)
const stoppable =
  'each piece goes through a stream that can stop the socket where the reader is slow; undici’s WebSocket cannot'
const fast =
  (measure: Measure): Measure =>
  async () =>
    (await measure()).map(speed)

export const output: Row = {
  name: 'output',
  title: `exec with ${megabytes} MB of output`,
  unit: 'MB/s',
  reasons: { undici: stoppable },
  rounds: { full: 5, quick: 1 },
  async prepare(stage) {
    const instance = await stage.guest()
    const { ours, rivals, end } = await drivers(stage, stage.unix, ['undici', 'pylxd'])
    const order = { instance, command, bytes }
    return {
      ours: fast(times(ours, 'output', order)),
      rivals: {
        lxc: fast(async () => [await stage.lxc.time('exec', instance, '--', ...command)]),
        pylxd: fast(times(rivals.pylxd, 'output', order)),
        undici: fast(times(rivals.undici, 'output', order)),
      },
      end,
    }
  },
}

export const outputAgent: Row = {
  name: 'output-agent',
  title: `exec with ${megabytes} MB of output through the agent`,
  unit: 'MB/s',
  notes: ['undici asks the agent too; lxc asks LXD directly.'],
  reasons: { lxc: 'every byte crosses one process more, the agent', undici: stoppable },
  rounds: { full: 5, quick: 1 },
  async prepare(stage) {
    const agent = await stage.agent()
    const { instance } = agent
    const { ours, rivals, end } = await drivers(stage, agent.unix, ['undici'])
    const order = { instance, command, bytes }
    const direct = ['exec', '--project', project, `ams-${instance}`, '--', ...command]
    return {
      ours: fast(times(ours, 'output', order)),
      rivals: {
        lxc: fast(async () => [await stage.lxc.time(...direct)]),
        undici: fast(times(rivals.undici, 'output', order)),
      },
      end,
    }
  },
}

const slowly = 'A reader that rests 20 ms after each 4 MB; a fresh process each time; above what it had when connected.'

export const outputMemory: Row = {
  name: 'output-memory',
  title: `Peak extra memory, slow reader of ${megabytes} MB`,
  unit: 'MB',
  notes: [slowly, 'lxc: the peak of the whole process above that of one that runs `true`.'],
  reasons: {
    lxc: 'V8 lets tens of MB of buffers pile up before it collects them, also for a bare socket; Go reads into one buffer',
  },
  rounds: { full: 3, quick: 1 },
  fresh: true,
  async prepare(stage) {
    const instance = await stage.guest()
    return {
      ours: peak(stage, 'sdk', stage.unix, instance),
      rivals: {
        lxc: async () => {
          const idle = await stage.lxc.slowPeak('exec', instance, '--', 'true')
          return [(await stage.lxc.slowPeak('exec', instance, '--', ...command)) - idle]
        },
        pylxd: peak(stage, 'pylxd', stage.unix, instance),
        undici: peak(stage, 'undici', stage.unix, instance),
      },
    }
  },
}

export const outputAgentMemory: Row = {
  name: 'output-agent-memory',
  title: `Peak extra memory, slow reader of ${megabytes} MB through the agent`,
  unit: 'MB',
  notes: ['The client’s process and the agent’s together.', slowly],
  reasons: { undici: 'V8 collects at moments of its own; most of it is the agent’s part, which both have' },
  rounds: { full: 3, quick: 1 },
  fresh: true,
  async prepare(stage) {
    const agent = await stage.agent()
    const { instance } = agent
    const fresh =
      (kind: DriverKind): Measure =>
      async () => {
        await agent.restart()
        return peak(stage, kind, agent.unix, instance, agent.pid)()
      }
    return { ours: fresh('sdk-ams'), rivals: { undici: fresh('undici') } }
  },
}

function peak(stage: Stage, kind: DriverKind, target: Target, instance: string, ...others: number[]): Measure {
  return async () => {
    const driver = await stage.driver(kind, target)
    try {
      await driver.order('exec', { instance })
      const above = watchPeak(driver.pid, ...others)
      await driver.order('output', { instance, command, bytes, slow: true })
      return [above()]
    } finally {
      await driver.end()
    }
  }
}
