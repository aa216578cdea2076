// Trees of files, into an instance of the real LXD and out again, of whatever size a test wants.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { LxdClient } from '@anbox/sdk'
import { guestFile } from './edge.ts'

/** An instance that is stopped, in a project of its own. */
export class Trial implements AsyncDisposable {
  readonly #root = new LxdClient({ socketPath: join(String(process.env.ANBOX_TEST_LXD), 'unix.socket') })
  readonly #project = `files-${randomBytes(3).toString('hex')}`
  readonly lxd = this.#root.project(this.#project)
  readonly folder = mkdtempSync(join(tmpdir(), 'lxd-files-'))

  static async start(): Promise<Trial> {
    const trial = new Trial()
    await trial.#root.projects.create({ name: trial.#project, config: { 'features.images': 'true' } })
    const { metadata } = await (await trial.lxd.images.import(guestFile())).wait()
    const body = {
      name: 'one',
      profiles: [],
      source: { type: 'image', fingerprint: metadata.fingerprint },
      devices: { root: { type: 'disk', path: '/', pool: 'default' } },
    }
    await (await trial.lxd.instances.create(body)).wait()
    return trial
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.lxd.instances.setState('one', { action: 'stop', force: true })).wait().catch(() => {})
    await (await this.lxd.instances.delete('one')).wait()
    for (const { fingerprint = '' } of await this.lxd.images.list())
      await (await this.lxd.images.delete(fingerprint)).wait()
    await this.#root.projects.delete(this.#project)
    await this.#root.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Many small files in nested folders, some empty, some executable, with odd names, and links. */
export function plant(folder: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const inner = join(folder, `d${i % 17}`, `ä ${i % 5}`)
    mkdirSync(inner, { recursive: true })
    writeFileSync(join(inner, `f${i} ü'"$.txt`), i % 50 === 0 ? '' : `${i}\n`.repeat(i % 97), {
      mode: i % 3 ? 0o644 : 0o755,
    })
  }
  symlinkSync('/etc/hosts', join(folder, 'link'))
}

/** Every path of a tree with what is there. */
export function listing(folder: string, at = folder): Map<string, string> {
  const found = new Map<string, string>()
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    const path = join(at, entry.name)
    const name = relative(folder, path)
    if (entry.isDirectory()) for (const [inner, what] of listing(folder, path)) found.set(inner, what)
    else if (entry.isSymbolicLink()) found.set(name, `-> ${readlinkSync(path)}`)
    else found.set(name, createHash('sha256').update(readFileSync(path)).digest('hex'))
  }
  return found
}

/** `count` files go in and come out the same. @returns seconds for each way */
export async function thereAndBack(trial: Trial, count: number): Promise<{ push: number; pull: number }> {
  const [there, back] = [join(trial.folder, 'there'), join(trial.folder, 'back')]
  mkdirSync(there)
  plant(there, count)
  const started = performance.now()
  const pushed = await trial.lxd.instances.files.push('one', there, '/data/tree')
  const between = performance.now()
  const pulled = await trial.lxd.instances.files.pull('one', '/data/tree', back)
  const ended = performance.now()
  assert.deepEqual([pushed.files, pushed.symlinks], [count, 1])
  assert.deepEqual({ ...pulled }, { ...pushed })
  assert.deepEqual(listing(back), listing(there))
  for (const folder of [there, back]) rmSync(folder, { recursive: true })
  return { push: (between - started) / 1000, pull: (ended - between) / 1000 }
}
