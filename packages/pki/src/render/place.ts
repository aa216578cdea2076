// Puts rendered files where a server reads them.
//
// Invariants: each file changes in one step, the configuration last; a secret is never readable by others; what root
// writes belongs to whom the directory belongs to, so that a server that does not run as root can read it.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { privateDirectory, readIfThere, replaceFile, sweepTemporary } from '../authority/storage.ts'
import type { Reload, Rendered, RenderedFile } from './rendered.ts'

/**
 * Writes the files into a directory.
 * @param options.shared whether others may enter the directory, as they must LXD's
 * @returns those that were not there or were different
 * @throws {UnsafeDirectoryError} when others may enter a directory that is not shared
 */
export async function placeRendered(
  directory: string,
  { files }: Rendered,
  options: { shared?: boolean } = {},
): Promise<RenderedFile[]> {
  if (!options.shared) await privateDirectory(directory)
  await sweepTemporary(directory)
  const { uid, gid } = await stat(directory)
  const owner = process.getuid?.() === 0 ? { uid, gid } : undefined
  const changed: RenderedFile[] = []
  for (const file of files) {
    const { name, mode, text } = file
    const path = join(directory, name)
    const found = await stat(path).catch(() => undefined)
    const kept =
      found && (!owner || (found.uid === uid && found.gid === gid)) && (mode !== 0o600 || (found.mode & 0o777) === mode)
    if (kept && (await readIfThere(path)) === text) continue
    await replaceFile(path, text, mode === 0o600 ? 'secret' : 'public', owner)
    changed.push(file)
  }
  return changed
}

const ranks: readonly Reload[] = ['none', 'SIGUSR2', 'SIGHUP', 'restart']

/** What the server needs now: the most that any of the changed files asks for. */
export function reloadFor({ reload }: Rendered, changed: readonly RenderedFile[]): Reload {
  return ranks[Math.max(0, ...changed.map(({ part }) => ranks.indexOf(reload[part])))] ?? 'restart'
}
