// Kills at named points. The agent's log names each step before it is done; the moment that the name stands there, agent
// or LXD, or both, are killed with SIGKILL. Afterwards everything has to come to what was asked for, or to what was before,
// without anybody's help, and nothing may be left over.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AnboxError } from '@anbox/sdk'
import { type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { Edge, small, until } from '../live/edge.ts'
import { appApk, noting, tarBz2 } from '../live/package.ts'

export type Victim = 'agent' | 'lxd' | 'both'
/** What is asked for, and the lines of the log before which something is killed. */
type Act = { points: RegExp[]; begin: (field: Field) => Promise<unknown> }

const step = (name: string) => new RegExp(`"step":"${name}"`)
const doing = (text: string) => new RegExp(`"doing":"${text}`)
const stage = (name: string) => new RegExp(`"stage":"${name}"`)

const starting = ['make', 'start', 'note-start'].map(step)
const bootstrapping = [
  ...starting,
  ...['installing the addon', 'unpacking the application', 'running the pre-start', 'Android is booting'].map(doing),
  ...['installing the application', 'running the post-start'].map(doing),
  ...['bootstrapping', 'stopping', 'publishing', ''].map(stage),
  ...['stop-hooks', 'stop', 'note-stopped', 'remove', 'forget'].map(step),
]

export const acts: Record<string, Act> = {
  launch: {
    points: [...starting, step('check-boot')],
    begin: ({ edge }) => edge.ams.instances.launch({ image_id: 'standin', resources: small }),
  },
  'launch of an application': {
    points: [...starting, doing('running the pre-start'), doing('Android is booting'), doing('running the post-start')],
    begin: ({ edge }) => edge.ams.instances.launch({ app_id: 'kept', config: { disable_watchdog: true } }),
  },
  bootstrap: { points: bootstrapping, begin: ({ edge, file }) => edge.ams.applications.create(file('fresh')) },
  update: { points: bootstrapping, begin: ({ edge }) => edge.ams.applications.rebuild('kept') },
  publish: {
    points: [step('stop'), step('note-stopped')],
    begin: ({ edge }) => edge.ams.images.publish('source', 'published', { force: true }),
  },
  delete: {
    points: ['stop', 'remove', 'forget'].map(step),
    begin: ({ edge }) => edge.ams.instances.delete('source'),
  },
}

export class Field implements AsyncDisposable {
  readonly edge: Edge
  readonly #directory: string

  private constructor(edge: Edge, directory: string) {
    this.edge = edge
    this.#directory = directory
  }

  /** @param directory of the LXD, which is killed. An agent with an image, an addon, and an application with hooks that is bootstrapped. */
  static async open(lxd: PrivateLxd, directory: string): Promise<Field> {
    const edge = await Edge.start({ bootSeconds: 30, lxdDirectory: lxd.directory, bridge: lxd.bridge })
    const field = new Field(edge, directory)
    await edge.upload()
    const addon = tarBz2({
      'manifest.yaml': 'name: noter\n',
      'hooks/pre-start': noting('x'),
      'hooks/post-stop': noting('x'),
    })
    writeFileSync(edge.path('noter'), addon)
    await (await edge.ams.addons.add('noter', edge.path('noter'))).wait()
    await (await edge.ams.applications.create(field.file('kept'))).wait()
    return field
  }

  /** The package of an application. */
  file = (name: string): string => {
    const manifest = `name: ${name}\naddons: [noter]\nresources: {cpus: 1, memory: 128MB, disk-size: 256MB}\n`
    const files = { 'manifest.yaml': manifest, 'app.apk': appApk('com.example.app'), 'hooks/post-start': noting('x') }
    writeFileSync(this.edge.path(name), tarBz2(files))
    return this.edge.path(name)
  }

  /** What some acts are about. */
  async prepare(): Promise<void> {
    const { instances } = this.edge.ams
    const [source] = await instances.list({ name: 'source' })
    if (source?.status === 'running') return
    // Left stopped by an act before that was cut off.
    if (source) await (await instances.start(source.id, { fromError: true })).wait()
    else await (await instances.launch({ name: 'source', image_id: 'standin', resources: small })).wait()
  }

  /** @returns false where the act went by without its point: then nothing was killed. */
  async strike({ begin }: Act, point: RegExp, victim: Victim): Promise<boolean> {
    const { edge } = this
    const from = readFileSync(edge.path('agent.log')).length
    // Killed in the middle of a request, the client does not know whether it was accepted; what is then settles it.
    const asked = begin(this).catch((error) => {
      assert.ok(error instanceof AnboxError && (error.status === undefined || error.status === 503), String(error))
    })
    const seen = await this.#seen(point, from)
    if (seen && victim !== 'lxd') await edge.kill('SIGKILL')
    if (seen && victim !== 'agent') await this.#restartLxd()
    await asked
    if (seen && victim !== 'lxd') await edge.run()
    await this.#settled()
    await this.#check()
    await this.#tidy()
    return seen
  }

  async #seen(point: RegExp, from: number): Promise<boolean> {
    const { edge } = this
    for (let quiet = 0; quiet < 400; ) {
      const text = readFileSync(edge.path('agent.log')).subarray(from).toString()
      if (point.test(text)) return true
      await sleep(5)
      quiet = (await this.#isSettled().catch(() => false)) ? quiet + 20 : 0
    }
    return false
  }

  async #restartLxd(): Promise<void> {
    const { environment } = await this.edge.lxd.server.get()
    process.kill(environment?.server_pid ?? 0, 'SIGKILL')
    await startPrivateLxd({ directory: this.#directory })
  }

  async #isSettled(): Promise<boolean> {
    const { ams } = this.edge
    if ((await ams.nodes.get('box')).status !== 'online') return false
    if ((await ams.tasks.list()).length > 0) return false
    const operations = await ams.operations.list()
    if (operations.some(({ statusCode }) => statusCode < 200)) return false
    const images = await ams.images.list()
    return images.every(({ versions = [] }) => versions.every(({ status }) => status === 'active'))
  }

  #settled(): Promise<void> {
    return until(() => this.#isSettled().catch(() => false))
  }

  /** One record, one LXD instance; one version, one image; one package, one file; and nothing beside. */
  async #check(): Promise<void> {
    const { ams, lxd, directory } = this.edge
    const look = async () => {
      const [records, instances] = [await ams.instances.list(), await lxd.instances.list()]
      assert.deepEqual(instances.map(({ name }) => name).sort(), records.map(({ id }) => `ams-${id}`).sort())
      for (const { status, error_message: message } of records) assert.ok(status !== 'error', message)
      const applications = await ams.applications.list()
      const versions = applications.flatMap(({ versions = [] }) => versions)
      for (const { status, error_message: message } of versions) assert.equal(status, 'active', message)
      const files = (await ams.images.list()).flatMap(({ versions = [] }) => versions)
      assert.equal((await lxd.images.list()).length, files.length + versions.length, 'images in LXD')
      const kept = readdirSync(join(directory, 'state/packages'))
      // Versions that were rebuilt share their package, and the addon has one.
      assert.ok(kept.length <= versions.length + 1 && kept.length >= applications.length + 1, `packages: ${kept}`)
      assert.deepEqual(readdirSync(join(directory, 'state/spool')), [])
    }
    // Leftovers go in the background.
    for (let tries = 0; ; tries += 1)
      try {
        return await look()
      } catch (error) {
        if (tries >= 100) throw error
        await sleep(100)
      }
  }

  /** Back to what was before the act. */
  async #tidy(): Promise<void> {
    const { ams } = this.edge
    for (const { name } of await ams.applications.list()) if (name !== 'kept') await ams.applications.delete(name)
    for (const { name } of await ams.images.list()) if (name !== 'standin') await (await ams.images.delete(name)).wait()
    for (const { id, name } of await ams.instances.list())
      if (name !== 'source') await (await ams.instances.delete(id)).wait()
    const { versions = [] } = await ams.applications.get('kept')
    for (const { number } of versions.slice(0, -1))
      await (await ams.applications.versions.delete('kept', number)).wait()
    await this.#settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.edge[Symbol.asyncDispose]()
  }
}
