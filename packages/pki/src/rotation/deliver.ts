// Puts files in place at a consumer, all of them as near to one moment as the system allows: everything is on the disk
// under other names first, then renamed one after the other. A file keeps its owner and mode.
import { randomBytes } from 'node:crypto'
import { renameSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readIfThere, syncDirectory } from '../authority/storage.ts'

export type Delivered = { path: string; text: string; secret: boolean }

/** Replaces what differs; says whether anything did. */
export async function deliverFiles(files: readonly Delivered[]): Promise<boolean> {
  const changed: { path: string; temporary: string }[] = []
  try {
    for (const file of files) {
      if ((await readIfThere(file.path)) === file.text) continue
      const temporary = join(dirname(file.path), `.${basename(file.path)}.${randomBytes(4).toString('hex')}.tmp`)
      changed.push({ path: file.path, temporary })
      await write(temporary, file)
    }
    // Not one event between them: who reads key and certificate at each connection must not meet half a pair.
    for (const { path, temporary } of changed) renameSync(temporary, path)
  } catch (error) {
    for (const { temporary } of changed) await rm(temporary, { force: true })
    throw error
  }
  for (const directory of new Set(changed.map(({ path }) => dirname(path)))) await syncDirectory(directory)
  return changed.length > 0
}

async function write(temporary: string, { path, text, secret }: Delivered): Promise<void> {
  const before = await stat(path).catch(() => undefined)
  const file = await open(temporary, 'wx', 0o600)
  try {
    if (before && (before.uid !== process.getuid?.() || before.gid !== process.getgid?.()))
      await file.chown(before.uid, before.gid)
    await file.chmod(before ? before.mode & 0o777 : secret ? 0o600 : 0o644)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
