import type { Target } from '../drivers/orders.ts'
import type { Row } from '../row.ts'
import { remote } from '../stage/remote.ts'
import type { Stage } from '../stage/stage.ts'
import { drivers, process, times } from './contenders.ts'

const listed = 20

/** What the SDK does for each request and a bare client does not. */
export const overhead =
  'the SDK stands on undici; building the request, time-outs, the envelope and typed errors come on top'

export const getUnix: Row = {
  name: 'get-unix',
  title: 'GET /1.0, unix socket',
  unit: 'ms',
  notes: [process],
  reasons: { undici: overhead },
  rounds: { full: 15, quick: 5 },
  prepare: (stage) => get(stage, stage.unix, ''),
}

export const getTls: Row = {
  name: 'get-tls',
  title: 'GET /1.0, TLS',
  unit: 'ms',
  notes: ['The connections are kept open, save by lxc and pylxd, which shake hands each time.'],
  reasons: { undici: overhead },
  rounds: { full: 15, quick: 5 },
  prepare: async (stage) => get(stage, await stage.remote(), `${remote}:`),
}

async function get(stage: Stage, target: Target, prefix: string) {
  const { ours, rivals, end } = await drivers(stage, target, ['undici', 'pylxd'])
  return {
    ours: times(ours, 'get', {}, 40),
    rivals: {
      lxc: async () => [await stage.lxc.time('query', `${prefix}/1.0`)],
      pylxd: times(rivals.pylxd, 'get', {}, 10),
      undici: times(rivals.undici, 'get', {}, 40),
    },
    end,
  }
}

export const list: Row = {
  name: 'list',
  title: `List of ${listed} instances (recursion=1)`,
  unit: 'ms',
  notes: ['lxc by `lxc query`, since `lxc list` asks for more.'],
  reasons: { undici: overhead },
  rounds: { full: 15, quick: 5 },
  async prepare(stage) {
    await stage.guest()
    const names = Array.from({ length: listed - 1 }, (_, index) => `listed-${index}`)
    // Never started, so each one is a record and an empty folder.
    for (const name of names) await stage.lxc.run('init', '--empty', name)
    const { ours, rivals, end } = await drivers(stage, stage.unix, ['undici', 'pylxd'])
    return {
      ours: times(ours, 'list', {}, 10),
      rivals: {
        lxc: async () => [await stage.lxc.time('query', '/1.0/instances?recursion=1')],
        pylxd: times(rivals.pylxd, 'list', {}, 3),
        undici: times(rivals.undici, 'list', {}, 10),
      },
      end: async () => {
        await end()
        await stage.lxc.run('delete', ...names)
      },
    }
  },
}
