// What the tests run on: one private LXD of this run and the stand-in's image.
import { globSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildGuest } from '../../test/guest/build.ts'
import { attempt } from '../command.ts'
import { cleanPrivateLxd, startPrivateLxd } from '../lxd/index.ts'
import { mounts } from '../lxd/mounts.ts'
import { guestArchitecture } from '../packages.ts'
import { sendSignal } from '../processes.ts'

/** In the environment of every test process, so that what a test leaves running is found. */
export const runMark = 'ANBOX_TEST_RUN'

export type Stage = { env: Record<string, string>; run: string; clear: () => Promise<void> }

export async function setStage(root: string, log: (line: string) => void, signal: AbortSignal): Promise<Stage> {
  const folder = join(root, '.test')
  mkdirSync(folder, { recursive: true })
  await clearOldStages(folder, log)
  const arch = guestArchitecture
  const guest = await buildGuest({ arch, out: join(folder, `standin-${arch}.tar.gz`), log })
  // A folder of this run's own: two runs in one checkout do not disturb each other.
  const directory = join(folder, `lxd-${process.pid}`)
  const temporary = temporaryOf(process.pid)
  // Others pass through it, as through /tmp: guests, and the users of the servers that are tried.
  mkdirSync(temporary, { mode: 0o755, recursive: true })
  const clear = () => clearStage(directory, temporary)
  try {
    const lxd = await startPrivateLxd({ directory, log, signal })
    const run = `${process.pid}-${Date.now()}`
    const env = {
      ANBOX_TEST_LXD: lxd.directory,
      ANBOX_TEST_BRIDGE: lxd.bridge,
      ANBOX_TEST_GUEST: guest.path,
      [runMark]: run,
      // What a test that was killed leaves there is found: above all an LXD of its own.
      TMPDIR: temporary,
    }
    return { env, run, clear }
  } catch (error) {
    await clear()
    throw error
  }
}

const temporaryOf = (pid: number) => join(tmpdir(), `anbox-test-${pid}`)

/** Takes the run's LXD away, those that tests had of their own and could not end, and all temporary files. */
async function clearStage(directory: string, temporary: string): Promise<void> {
  // A star matches no name that begins with a dot; the quickstart's LXD is in such a folder.
  for (const state of globSync('{*,*/*,*/*/*,*/.anbox/*}/lxd.json', { cwd: temporary }))
    await cleanPrivateLxd(join(temporary, dirname(state)))
  await cleanPrivateLxd(directory)
  // What a daemon that is not LXD has mounted there; deleting goes through mounts.
  for (const { point } of mounts('self').reverse())
    if (point.startsWith(`${temporary}/`)) await attempt('umount', ['--lazy', point])
  rmSync(temporary, { recursive: true, force: true })
}

/** Cleans up after runs that were killed. */
async function clearOldStages(folder: string, log: (line: string) => void): Promise<void> {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.match(/^lxd-(\d+)$/)?.[1])
    if (!pid || sendSignal(pid, 0)) continue
    log(`cleaning up after the run ${pid}, which was killed`)
    await clearStage(join(folder, name), temporaryOf(pid))
  }
}
