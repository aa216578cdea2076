import type { Row } from '../row.ts'
import { drivers, times } from './contenders.ts'

export const event: Row = {
  name: 'event',
  title: 'a change until its event',
  unit: 'ms',
  notes: ['`PATCH` of an instance until the lifecycle event is decoded. For lxc, `lxc monitor` runs and ours changes.'],
  reasons: {
    lxc: 'nearly all of it is LXD making the change, which is the same for all',
    undici: 'nearly all of it is LXD making the change, which is the same for all',
  },
  rounds: { full: 25, quick: 5 },
  async prepare(stage) {
    const instance = await stage.guest()
    const { ours, rivals, end } = await drivers(stage, stage.unix, ['undici', 'pylxd'])
    const monitor = stage.lxc.monitor()
    // It does not say when it listens: changes are made until it tells of one.
    let listening = false
    const first = monitor.next().finally(() => {
      listening = true
    })
    first.catch(() => {})
    while (!listening) await ours.order('event', { instance }, 1)
    await first
    return {
      ours: times(ours, 'event', { instance }, 5),
      rivals: {
        lxc: async () => {
          const start = performance.now()
          const seen = monitor.next()
          await ours.order('event', { instance }, 1)
          await seen
          return [performance.now() - start]
        },
        pylxd: times(rivals.pylxd, 'event', { instance }, 5),
        undici: times(rivals.undici, 'event', { instance }, 5),
      },
      end: async () => {
        await monitor[Symbol.asyncDispose]()
        await end()
      },
    }
  },
}
