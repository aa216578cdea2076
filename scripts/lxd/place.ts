// Where a private LXD lives. Its files are in the folder the caller names; LXD itself sees that folder bind-mounted at a
// short path below /run, because
// - its unix sockets' paths may have 107 bytes at most, and a checkout's path alone may be longer;
// - its unprivileged containers must be able to walk to their root, and home folders are closed to others.
import { existsSync, mkdirSync, realpathSync, rmdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { attempt, run } from '../command.ts'
import { bridgeName } from './bridge.ts'
import { mounts } from './mounts.ts'

export type Place = {
  /** The folder with the files, without symbolic links. */
  files: string
  /** LXD_DIR: the same folder at its short path. */
  directory: string
}

export function placeOf(folder: string): Place {
  const files = existsSync(folder) ? realpathSync(folder) : resolve(folder)
  return { files, directory: `/run/${bridgeName(files)}` }
}

function mounted({ directory }: Place): boolean {
  return mounts('self').some(({ point }) => point === directory)
}

/** Whether the folder is mounted at its short path. Not so when somebody deleted the folder and made it anew. */
export function isBound(place: Place): boolean {
  if (!mounted(place) || !existsSync(place.files)) return false
  const [files, directory] = [statSync(place.files), statSync(place.directory)]
  return files.ino === directory.ino && files.dev === directory.dev
}

export async function bind(place: Place): Promise<void> {
  mkdirSync(place.directory, { recursive: true, mode: 0o711 })
  if (isBound(place)) return
  await run('mount', ['--bind', place.files, place.directory])
  // Otherwise what LXD mounts below would show up a second time in the folder itself.
  await run('mount', ['--make-private', place.directory])
}

export async function unbind(place: Place): Promise<void> {
  while (mounted(place)) {
    const { code } = await attempt('umount', [place.directory])
    if (code !== 0) await run('umount', ['--lazy', place.directory])
  }
  if (existsSync(place.directory)) rmdirSync(place.directory)
}
