import type { Row } from '../row.ts'
import { project } from '../stage/agent.ts'
import { drivers, times } from './contenders.ts'

export const execTrue: Row = {
  name: 'exec',
  title: 'exec `true`',
  unit: 'ms',
  notes: ['Until the exit code is known. Most of it is LXD starting the process.'],
  rounds: { full: 15, quick: 5 },
  async prepare(stage) {
    const instance = await stage.guest()
    const { ours, rivals, end } = await drivers(stage, stage.unix, ['undici', 'pylxd'])
    return {
      ours: times(ours, 'exec', { instance }, 3),
      rivals: {
        lxc: async () => [await stage.lxc.time('exec', instance, '--', 'true')],
        pylxd: times(rivals.pylxd, 'exec', { instance }),
        undici: times(rivals.undici, 'exec', { instance }, 3),
      },
      end,
    }
  },
}

export const execAgent: Row = {
  name: 'exec-agent',
  title: 'exec `true` through the agent',
  unit: 'ms',
  notes: ['undici asks the agent too; lxc asks LXD directly.'],
  reasons: {
    lxc: 'every socket exists twice, from client to agent and from agent to LXD, and is opened one after the other',
    undici:
      'the SDK opens the control socket before the others, so that it holds the command; this client opens all at once',
  },
  rounds: { full: 15, quick: 5 },
  async prepare(stage) {
    const agent = await stage.agent()
    const { instance } = agent
    const { ours, rivals, end } = await drivers(stage, agent.unix, ['undici'])
    const direct = ['exec', '--project', project, `ams-${instance}`, '--', 'true']
    return {
      ours: times(ours, 'exec', { instance }, 3),
      rivals: {
        lxc: async () => [await stage.lxc.time(...direct)],
        undici: times(rivals.undici, 'exec', { instance }, 3),
      },
      end,
    }
  },
}
