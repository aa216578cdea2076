// Whole trees of files, into an instance and out of it. Names that come from the other side are checked before they are
// used; links are copied as links and never followed.
import { mkdir } from 'node:fs/promises'
import { posix } from 'node:path'
import { Deadline } from '../connection/deadline.ts'
import type { CallOptions } from '../operations/api.ts'
import type { InstanceFiles } from './files.ts'
import { checkName, Place } from './place.ts'

export type TransferOptions = CallOptions & {
  /** Files at once; 6 unless said. */
  concurrency?: number
  /** Called after each file. */
  onProgress?: (so: Transferred & { path: string }) => void
}
export type PushOptions = TransferOptions & {
  /** Whose the files will be; root's unless said. */
  uid?: number
  gid?: number
}
export type Transferred = {
  files: number
  directories: number
  symlinks: number
  bytes: number
  /** What is neither file, folder nor link, and was left where it is. */
  skipped: string[]
}

/** Copies what is in a folder of the instance into a local folder, which is made where it is not there. */
export async function pullTree(
  files: InstanceFiles,
  instance: string,
  from: string,
  to: string,
  { concurrency = 6, onProgress, ...limits }: TransferOptions = {},
): Promise<Transferred> {
  using limit = new Deadline(limits, `pulling ${from} of ${instance}`)
  const { signal } = limit
  const done = nothing()
  signal?.throwIfAborted()
  await mkdir(to, { recursive: true })
  const pullFolder = async (remote: string, names: string[], place: Place): Promise<void> => {
    const folders: { name: string; mode: number; entries: string[] }[] = []
    await each(names.map(checkName), concurrency, signal, async (name) => {
      const path = posix.join(remote, name)
      const found = await files.get(instance, path, { signal })
      if (found.type === 'directory') folders.push({ name, ...found })
      else if (found.type === 'symlink') {
        await place.link(name, found.target)
        done.symlinks += 1
      } else {
        try {
          const content = counted(found.stream, done)
          await place.write(name, found.mode, (file) => file.writeFile(content, { signal }))
        } finally {
          found.stream.destroy()
        }
        done.files += 1
      }
      if (found.type !== 'directory') onProgress?.({ ...done, path })
    })
    for (const { name, mode, entries } of folders) {
      done.directories += 1
      // Passable for us while we write into it.
      await using inner = await place.folder(name, mode | 0o700)
      await pullFolder(posix.join(remote, name), entries, inner)
    }
  }
  try {
    const top = await files.get(instance, from, { signal })
    if (top.type !== 'directory') {
      if (top.type === 'file') top.stream.destroy()
      throw new TypeError(`${from} of ${instance} is no folder: get it with files.get`)
    }
    await using place = await Place.open(to)
    await pullFolder(from, top.entries, place)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
  return done
}

/** Copies what is in a local folder into a folder of the instance, which is made where it is not there; its parent has to be. */
export async function pushTree(
  files: InstanceFiles,
  instance: string,
  from: string,
  to: string,
  { concurrency = 6, onProgress, uid, gid, ...limits }: PushOptions = {},
): Promise<Transferred> {
  using limit = new Deadline(limits, `pushing ${from} to ${instance}`)
  const { signal } = limit
  const done = nothing()
  signal?.throwIfAborted()
  const pushFolder = async (place: Place, remote: string): Promise<void> => {
    const folders: { name: string; mode: number }[] = []
    await each(await place.names(), concurrency, signal, async (name) => {
      const path = posix.join(remote, name)
      const { type, mode } = await place.kind(name)
      if (type === 'directory') folders.push({ name, mode })
      else if (type === 'other') done.skipped.push(posix.join(place.path, name))
      else if (type === 'symlink') {
        await files.symlink(instance, path, await place.readLink(name), { signal })
        done.symlinks += 1
      } else {
        const file = await place.read(name)
        try {
          const stream = file.createReadStream({ autoClose: false, highWaterMark: 256 * 1024 })
          const onChunk = (bytes: number) => {
            done.bytes += bytes
          }
          await files.put(instance, path, stream, { mode, uid, gid, signal, onChunk })
        } finally {
          await file.close()
        }
        done.files += 1
      }
      if (type === 'file' || type === 'symlink') onProgress?.({ ...done, path })
    })
    for (const { name, mode } of folders) {
      const path = posix.join(remote, name)
      await files.mkdir(instance, path, { mode, uid, gid, signal })
      done.directories += 1
      await using inner = await place.folder(name)
      await pushFolder(inner, path)
    }
  }
  try {
    await using place = await Place.open(from)
    await files.mkdir(instance, to, { uid, gid, signal })
    await pushFolder(place, to)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
  return done
}

const nothing = (): Transferred => ({ files: 0, directories: 0, symlinks: 0, bytes: 0, skipped: [] })

async function* counted(stream: AsyncIterable<Buffer>, done: Transferred): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    done.bytes += chunk.length
    yield chunk
  }
}

/** Does the work for each name, some at once. The first failure ends it; what has begun is waited for. */
async function each(
  names: readonly string[],
  concurrency: number,
  signal: AbortSignal | undefined,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const queue = names.values()
  let failed = false
  const worker = async () => {
    for (const name of queue) {
      if (failed) return
      signal?.throwIfAborted()
      try {
        await work(name)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: Math.max(1, concurrency) }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
