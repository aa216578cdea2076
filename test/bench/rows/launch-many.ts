// Twenty launches at once, until the last one runs.
import { AmsClient } from '@anbox/sdk'
import { credentials } from '../drivers/sdk.ts'
import type { Row } from '../row.ts'
import { resources, standin } from '../stage/agent.ts'
import { launchWithLxc, names } from './launch.ts'

const count = 20

export const launchMany: Row = {
  name: 'launch-20',
  title: 'Twenty launches at once, until the last one runs',
  unit: 'ms',
  notes: [
    'lxc: twenty `lxc launch` at the same moment, each followed by its boot check, and without users of their own: with them LXD 5.0.2 fails.',
  ],
  reasons: {
    lxc: 'the agent makes one instance at a time, because LXD 5.0.2 mixes up the users of those that it makes at once',
  },
  rounds: { full: 3, quick: 1 },
  fresh: true,
  async prepare(stage) {
    await stage.guest()
    const agent = await stage.ownAgent('bench-launch-20', {})
    const { instances, nodes } = new AmsClient(credentials(agent.unix))
    // As many as are asked for: lxc does not count either.
    await (await nodes.update('bench', { cpu_allocation_rate: 100, memory_allocation_rate: 100 })).wait()
    const next = names()
    const all = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: count }, work))
    return {
      ours: async () => {
        const start = performance.now()
        const ids = await all(async () => {
          const launching = await instances.launch({ name: next(), image_id: standin, resources })
          await launching.wait()
          return launching.resource('instances') ?? ''
        })
        const time = performance.now() - start
        await (await instances.deleteMany(ids)).wait()
        return [time]
      },
      rivals: {
        lxc: async () => {
          const start = performance.now()
          let last = 0
          // Their removal is not measured, so the slowest launch is what counts.
          await all(async () => {
            const took = await launchWithLxc(stage, next(), { isolated: false, now: () => performance.now() - start })
            last = Math.max(last, took)
          })
          return [last]
        },
      },
      end: () => agent.end(),
    }
  },
}
