// Launches that find an instance made ahead, beside `lxc launch`, which has none.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../row.ts'
import { resources, standin } from '../stage/agent.ts'
import type { Stage } from '../stage/stage.ts'
import { drivers } from './contenders.ts'
import { launchWithLxc, names } from './launch.ts'

type Kind = { name: string; title: string; note: string; warm: { prepared: number; paused: number }; files?: number }

const warmRow = ({ name, title, note, warm, files = 0 }: Kind): Row => ({
  name,
  title,
  unit: 'ms',
  notes: [note],
  rounds: { full: 7, quick: 1 },
  fresh: true,
  async prepare(stage) {
    await stage.guest()
    const image = files > 0 ? withFiles(stage, files) : stage.image
    const own = `bench-${name}`
    if (files > 0) await stage.lxc.run('image', 'import', '--quiet', image, '--alias', own)
    const agent = await stage.ownAgent(own, { warm, image })
    const { ours, end } = await drivers(stage, agent.unix, [])
    const next = names()
    return {
      ours: async () => {
        await agent.untilWarm()
        return ours.order('launch', { body: { name: next(), image_id: standin, resources } })
      },
      rivals: { lxc: async () => [await launchWithLxc(stage, next(), files > 0 ? { image: own } : {})] },
      end: async () => {
        await end?.()
        await agent.end()
      },
    }
  },
})

export const launchPrepared = warmRow({
  name: 'launch-prepared',
  title: 'Launch until running, from a prepared instance',
  note: 'The instance was made and given its own users beforehand; limits and name are those of the launch.',
  warm: { prepared: 1, paused: 0 },
})

export const launchPaused = warmRow({
  name: 'launch-paused',
  title: 'Launch until running, from a paused instance',
  note: 'The instance has booted beforehand and was frozen; the boot check is made again before it is called running.',
  warm: { prepared: 0, paused: 1 },
})

export const launchFiles = warmRow({
  name: 'launch-files',
  title: 'Launch of a guest of 50,000 files, from a prepared instance',
  note: 'LXD changes the owner of each file at a first start.',
  warm: { prepared: 1, paused: 0 },
  files: 50_000,
})

/** The stand-in with so many small files more. */
function withFiles({ folder, image }: Stage, count: number): string {
  const root = join(folder, 'files')
  for (let index = 0; index < count; index++) {
    const directory = join(root, `rootfs/data/files/${Math.floor(index / 1000)}`)
    if (index % 1000 === 0) mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, String(index)), 'x')
  }
  const tar = join(folder, 'files.tar')
  execFileSync('sh', ['-c', 'gunzip -c "$1" >"$2"', 'sh', image, tar])
  execFileSync('tar', ['-rf', tar, '--owner=0', '--group=0', '-C', root, 'rootfs/data/files'])
  execFileSync('gzip', ['-f', '-1', tar])
  return `${tar}.gz`
}
