// What is kept of a guest that failed: read through the API under AMS's names, removed with its record.
import { createWriteStream, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { InstanceRecord } from '../store/records.ts'
import type { Projects } from './projects.ts'

/** Bytes kept of each log: a guest in a crash loop must not fill the machine's disk. */
const most = 4 * 2 ** 20
/** Milliseconds for each log: a guest that hangs must not hold up its own failure. */
const patience = 10_000

export class FailureLogs {
  readonly #directory: string
  readonly #projects: Projects

  constructor(stateDirectory: string, projects: Projects) {
    this.#directory = join(stateDirectory, 'logs')
    this.#projects = projects
  }

  /** Takes what can be had and returns the names. A log that cannot be had is left out. */
  async keep(record: InstanceRecord, running: boolean, signal: AbortSignal): Promise<string[]> {
    const { id, lxdName } = record
    const { instances } = this.#projects.of(record)
    mkdirSync(join(this.#directory, id), { recursive: true, mode: 0o700 })
    const { console: screen, logs, files } = instances
    const sources: Record<string, (signal: AbortSignal) => Promise<Readable>> = {
      // The console is Android's own output here: a guest's init writes its boot to it.
      'console.log': (signal) => screen.log(lxdName, { signal }),
      'container.log': (signal) => logs.get(lxdName, 'lxc.log', { signal }),
      'android.log': async (signal) => {
        if (running) {
          const { exitCode, stdout } = await instances.run(lxdName, ['logcat', '-d'], { signal })
          if (exitCode === 0 && stdout) return Readable.from([stdout])
        }
        const file = await files.get(lxdName, '/var/log/android.log', { signal })
        if (file.type !== 'file') throw new Error('not a file')
        return file.stream
      },
    }
    for (const [name, open] of Object.entries(sources)) {
      await this.#write(id, name, open, AbortSignal.any([signal, AbortSignal.timeout(patience)])).catch(() =>
        signal.throwIfAborted(),
      )
    }
    return this.list(id)
  }

  async #write(
    id: string,
    name: string,
    open: (signal: AbortSignal) => Promise<Readable>,
    signal: AbortSignal,
  ): Promise<void> {
    const path = join(this.#directory, id, name)
    const source = await open(signal)
    await pipeline(source, firstBytes(most), createWriteStream(`${path}.part`, { mode: 0o600 }), { signal })
    await rename(`${path}.part`, path)
  }

  list(id: string): string[] {
    try {
      return readdirSync(join(this.#directory, id))
        .filter((name) => !name.endsWith('.part'))
        .sort()
    } catch {
      return []
    }
  }

  path(id: string, name: string): string | undefined {
    return this.list(id).includes(name) ? join(this.#directory, id, name) : undefined
  }

  remove(id: string): void {
    rmSync(join(this.#directory, id), { recursive: true, force: true })
  }
}

function firstBytes(limit: number): Transform {
  let left = limit
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const part = chunk.subarray(0, left)
      left -= part.length
      done(null, part)
    },
  })
}
