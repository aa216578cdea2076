// A version of an application as a package again: what was uploaded, with the manifest as it is by now, so that it can be
// imported here or at another AMS.
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract, pack } from 'tar-stream'
import { stringify } from 'yaml'
import type { ApplicationVersion } from '../store/records.ts'
import { manifestFields, manifestName } from './manifest.ts'
import type { Packages } from './packages.ts'

export class Exporter {
  readonly #packages: Packages

  constructor(packages: Packages) {
    this.#packages = packages
  }

  /** A `.tar.bz2`. Destroying the stream ends the work. */
  async export({ package: id, manifest }: ApplicationVersion): Promise<Readable> {
    const child = spawn('bzip2', ['-c'], { stdio: ['pipe', 'pipe', 'ignore'] })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    const out = pack()
    const entries = extract()
    const rewrite = async () => {
      for await (const entry of entries) {
        const { name, type, mode, mtime, size } = entry.header
        const header = { name, type: type ?? 'file', mode: mode ?? 0o644, mtime: mtime ?? new Date(0) }
        if (name === manifestName) {
          entry.resume()
          out.entry(header, stringify(manifestFields(manifest)))
        } else await pipeline(entry, out.entry({ ...header, size: size ?? 0 }))
      }
      out.finalize()
    }
    const fail = (error: Error) => child.stdout.destroy(error)
    pipeline(createReadStream(this.#packages.path(id)), entries).catch(fail)
    pipeline(out, child.stdin).catch(fail)
    rewrite().catch(fail)
    // Also when whoever downloads it goes away: nothing is left open then.
    child.stdout.once('close', () => {
      child.kill('SIGKILL')
      for (const stream of [entries, out]) stream.destroy()
    })
    return child.stdout
  }
}
