// Files to and from a running guest.
import { randomFillSync } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'
import type { Stage } from '../stage/stage.ts'
import { drivers, times } from './contenders.ts'
import { overhead } from './requests.ts'

const mebibytes = 64
const threads = {
  lxc: 'Node reads and writes files on threads of its own and hands each piece over, on the cores that LXD needs too',
  undici: overhead,
}

export const push: Row = {
  name: 'push',
  title: `File push, ${mebibytes} MiB`,
  unit: 'ms',
  notes: ['LXD mounts and opens the guest’s file system for it, which is a good part of it.'],
  reasons: { ...threads, pylxd: `${threads.lxc}; pylxd also tells the length first, so nothing is sent in chunks` },
  rounds: { full: 7, quick: 2 },
  prepare: (stage) => transfer(stage, 'push'),
}

export const pull: Row = {
  name: 'pull',
  title: `File pull, ${mebibytes} MiB`,
  unit: 'ms',
  notes: ['Into a file.'],
  reasons: { ...threads, pylxd: `${threads.lxc}; pylxd holds all of it in memory and writes once` },
  rounds: { full: 7, quick: 2 },
  prepare: (stage) => transfer(stage, 'pull'),
}

async function transfer(stage: Stage, direction: 'push' | 'pull') {
  const instance = await stage.guest()
  const file = join(stage.folder, 'file')
  writeFileSync(file, randomFillSync(Buffer.alloc(mebibytes * 2 ** 20)))
  const inside = `${instance}/tmp/bench`
  const lxc = direction === 'push' ? [file, inside] : [inside, file]
  if (direction === 'pull') await stage.lxc.run('file', 'push', file, inside)
  const { ours, rivals, end } = await drivers(stage, stage.unix, ['undici', 'pylxd'])
  return {
    ours: times(ours, direction, { instance, file }),
    rivals: {
      lxc: async () => [await stage.lxc.time('file', direction, '--quiet', ...lxc)],
      pylxd: times(rivals.pylxd, direction, { instance, file }),
      undici: times(rivals.undici, direction, { instance, file }),
    },
    end: async () => {
      await end()
      await stage.lxc.run('file', 'delete', inside)
      rmSync(file)
    },
  }
}
