// What is inside the packages of applications and addons, one plain tarball each in the state directory. A file is there
// whole or not at all; one that no record names was left by a death in between, and goes at the next start.
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { badRequest } from '../errors.ts'
import { newId } from '../store/id.ts'
import { isBzip2, isZip, normalise } from './archive.ts'
import { largestManifest, manifestName } from './manifest.ts'
import { fullDisk, type Spool, type Spooled } from './spool.ts'

export const hookNames = ['pre-start', 'post-start', 'post-stop'] as const
export type HookName = (typeof hookNames)[number]
/** Names of hooks as they were before, and what they are now. */
const oldHooks: Record<string, HookName> = {
  install: 'pre-start',
  restore: 'pre-start',
  prepare: 'post-start',
  backup: 'post-stop',
}

/** A hook of a package: the file in its `hooks` folder, and when it is run. */
export type Hook = { file: string; when: HookName }
export type Package = { id: string; manifest: string; files: Set<string>; hooks: Hook[] }

export class Packages {
  readonly #directory: string
  readonly #spool: Spool
  /** Kept, and perhaps in no record yet. */
  readonly #fresh = new Set<string>()

  constructor(stateDirectory: string, spool: Spool) {
    this.#directory = join(stateDirectory, 'packages')
    this.#spool = spool
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
  }

  path(id: string): string {
    return join(this.#directory, `${id}.tar`)
  }

  /** Said by the first six bytes of an upload. */
  static refusal(head: Buffer): string | undefined {
    return isZip(head) || isBzip2(head)
      ? undefined
      : 'the upload is not a package: a tarball compressed with bzip2, or a zip file, is expected'
  }

  /** Reads a spooled upload and keeps what is in it; the spooled file is gone afterwards. @throws ApiError 400, 503. */
  async keep(spooled: Spooled, signal: AbortSignal): Promise<Package> {
    const draft = this.#spool.path()
    try {
      const { names, kept } = await normalise(spooled.path, draft, {
        wanted: (name) => (name === manifestName ? largestManifest : 0),
        signal,
      })
      const manifest = kept.get(manifestName)
      if (!manifest) throw badRequest(`the package has no ${manifestName} at its top`)
      const hooks = findHooks(names)
      const id = newId()
      this.#fresh.add(id)
      renameSync(draft, this.path(id))
      return { id, manifest: utf8(manifest), files: names, hooks }
    } catch (error) {
      throw fullDisk(error, this.#directory)
    } finally {
      rmSync(spooled.path, { force: true })
      rmSync(draft, { force: true })
    }
  }

  remove(id: string): void {
    this.#fresh.delete(id)
    rmSync(this.path(id), { force: true })
  }

  /** Removes what no record names. */
  sweep(known: ReadonlySet<string>): void {
    for (const file of readdirSync(this.#directory)) {
      const id = file.replace(/\.tar$/, '')
      if (known.has(id)) this.#fresh.delete(id)
      else if (!this.#fresh.has(id)) rmSync(join(this.#directory, file), { force: true })
    }
  }
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest(`${manifestName} is not UTF-8 text`)
  }
}

/** In the order in which they are run; an old name stands for its new one, which wins. */
function findHooks(names: Set<string>): Hook[] {
  const files = [...names].filter((name) => name.startsWith('hooks/')).map((name) => name.slice('hooks/'.length))
  return hookNames.flatMap((when) => {
    if (files.includes(when)) return [{ file: when, when }]
    return files
      .filter((file) => Object.hasOwn(oldHooks, file) && oldHooks[file] === when)
      .map((file) => ({ file, when }))
  })
}
