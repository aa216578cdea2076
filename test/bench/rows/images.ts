// Images into LXD, from a file here until LXD has it.
import { createHash, randomFillSync } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { tar } from '../../guest/tar.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage/stage.ts'
import { drivers, times } from './contenders.ts'
import { overhead } from './requests.ts'

const mebibytes = 64
const threads = 'Node reads the file on threads of its own and hands each piece over, on the cores that LXD needs too'
const reasons = { lxc: threads, pylxd: threads, undici: overhead }

export const importSmall: Row = {
  name: 'import',
  title: 'Image import, the stand-in (1.5 MB)',
  unit: 'ms',
  reasons,
  rounds: { full: 7, quick: 2 },
  prepare: (stage) => imports(stage, 0),
}

export const importLarge: Row = {
  name: 'import-large',
  title: `Image import, the stand-in and ${mebibytes} MiB`,
  unit: 'ms',
  reasons,
  rounds: { full: 5, quick: 1 },
  prepare: (stage) => imports(stage, mebibytes * 2 ** 20),
}

async function imports(stage: Stage, extra: number) {
  const file = join(stage.folder, 'image.tar.gz')
  const image = padded(readFileSync(stage.image), extra)
  writeFileSync(file, image)
  const fingerprint = createHash('sha256').update(image).digest('hex')
  const { ours, rivals, end } = await drivers(stage, stage.unix, ['undici', 'pylxd'])
  return {
    ours: times(ours, 'import', { file }),
    rivals: {
      lxc: async () => {
        const time = await stage.lxc.time('image', 'import', '--quiet', file)
        await stage.lxc.run('image', 'delete', fingerprint)
        return [time]
      },
      pylxd: times(rivals.pylxd, 'import', { file }),
      undici: times(rivals.undici, 'import', { file }),
    },
    end: async () => {
      await end()
      rmSync(file)
    },
  }
}

/** The same image under a fingerprint of its own, since LXD has the other one already, and larger where asked for. */
function padded(image: Uint8Array, extra: number): Uint8Array {
  const archive = gunzipSync(image)
  const end = 1024 // Two empty blocks end an archive.
  const data = randomFillSync(Buffer.alloc(extra))
  const filler = tar([{ path: 'rootfs/data/filler', mode: 0o644, type: 'file', data }], 0)
  return gzipSync(Buffer.concat([archive.subarray(0, -end), filler]), { level: 1 })
}
