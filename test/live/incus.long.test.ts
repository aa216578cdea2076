// The LXD client on Incus, a fork of LXD with nearly the same API: the same calls on both, and a table of how they went.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite } from '@anbox/harness'
import { AnboxError, LxdClient } from '@anbox/sdk'
import { guestFile } from './edge.ts'
import { Incus } from './incus.ts'
import { Table } from './services/table.ts'

const test = suite('Incus', { timeout: 180_000 })
const folder = mkdtempSync(join(tmpdir(), 'incus-images-'))
test.after(() => rmSync(folder, { recursive: true }))

type Step = [name: string, work: (lxd: LxdClient, shared: { fingerprint: string }) => Promise<unknown>]
const steps: Step[] = [
  [
    'images: import, public, alias',
    async ({ images }, shared) => {
      const importing = await images.import(guestFile(), { filename: 'guest.tar.gz', public: true, aliases: ['guest'] })
      shared.fingerprint = (await importing.wait()).metadata.fingerprint
      const image = await images.get(shared.fingerprint)
      assert.deepEqual([image.public, image.filename], [true, 'guest.tar.gz'])
    },
  ],
  [
    'images: download, verified',
    async ({ images }, { fingerprint }) => images.download(fingerprint, join(folder, randomBytes(4).toString('hex'))),
  ],
  [
    'instances: create, start',
    async ({ instances }, { fingerprint }) => {
      const devices = { root: { type: 'disk', path: '/', pool: 'default' } }
      const source = { type: 'image', fingerprint }
      await (await instances.create({ name: 'one', profiles: [], source, devices })).wait()
      await (await instances.setState('one', { action: 'start' })).wait()
    },
  ],
  ['instances: waitFor', async ({ instances }) => instances.waitFor('one', { status: 'Running', agent: true })],
  [
    'exec: output, exit code',
    async ({ instances }) =>
      assert.deepEqual(await instances.run('one', ['sh', '-c', 'echo out; echo err >&2; exit 3']), {
        exitCode: 3,
        stdout: 'out\n',
        stderr: 'err\n',
      }),
  ],
  [
    'exec: 10 MB',
    async ({ instances }) => {
      const { stdout } = await instances.run('one', ['head', '-c', '10000000', '/dev/zero'], { limit: 20_000_000 })
      assert.equal(stdout.length, 10_000_000)
    },
  ],
  [
    'files: write, read, mode, folder, link',
    async ({ instances: { files } }) => {
      await files.put('one', '/data/file', 'hello', { mode: 0o640, uid: 1, gid: 2 })
      const file = await files.get('one', '/data/file')
      assert.ok(file.type === 'file')
      assert.equal(await text(file.stream), 'hello')
      assert.deepEqual([file.mode, file.uid, file.gid], [0o640, 1, 2])
      await files.mkdir('one', '/data/folder')
      await files.symlink('one', '/data/link', '/data/file')
      assert.equal((await files.stat('one', '/data/folder')).type, 'directory')
      assert.equal((await files.stat('one', '/data/link')).type, 'symlink')
      await files.delete('one', '/data/file')
    },
  ],
  ['files: SFTP', async ({ instances }) => (await instances.sftp('one')).destroy()],
  [
    'modify with ETags',
    async ({ instances }) =>
      instances.modify('one', (draft) => {
        draft.description = 'changed'
      }),
  ],
  [
    'snapshots: create, restore, delete',
    async ({ instances }) => {
      const snapshots = instances.snapshots('one')
      await (await snapshots.create({ name: 'first' })).wait()
      assert.equal((await snapshots.list()).length, 1)
      await (await instances.update('one', { restore: 'first' })).wait()
      await (await snapshots.delete('first')).wait()
    },
  ],
  [
    'backups: export, import',
    async ({ instances }) => {
      await (await instances.backups('one').create({ name: 'first' })).wait()
      await (await instances.import(await instances.backups('one').export('first'), { name: 'again' })).wait()
      assert.equal((await instances.get('again')).name, 'again')
      await (await instances.delete('again')).wait()
    },
  ],
  [
    'events',
    async (lxd) => {
      const stop = new AbortController()
      const events = await lxd.events({ types: ['lifecycle'], signal: stop.signal }).open()
      await lxd.instances.patch('one', { config: { 'user.a': 'b' } })
      for await (const event of events) {
        assert.equal((event.metadata as { action?: string }).action, 'instance-updated')
        break
      }
      stop.abort()
    },
  ],
  [
    'volumes, projects',
    async (lxd) => {
      const volumes = lxd.storagePools.volumes('default')
      await (await volumes.create({ name: 'volume', type: 'custom' })).wait()
      await volumes.delete('volume')
      await lxd.projects.create({ name: 'other', config: {} })
      assert.deepEqual(await lxd.project('other').instances.list(), [])
      await lxd.projects.delete('other')
    },
  ],
  [
    'resources, metrics, warnings',
    async (lxd) => [await lxd.resources.get(), await lxd.metrics.get(), await lxd.warnings.list()],
  ],
  [
    'copy, rename, stop, delete',
    async ({ instances, images }, { fingerprint }) => {
      await (await instances.setState('one', { action: 'stop', force: true })).wait()
      await (await instances.copy('one', 'two')).wait()
      await (await instances.rename('two', 'three')).wait()
      for (const name of ['one', 'three']) await (await instances.delete(name)).wait()
      await (await images.delete(fingerprint)).wait()
    },
  ],
]

async function trial(lxd: LxdClient): Promise<[step: string, outcome: string][]> {
  const shared = { fingerprint: '' }
  const outcomes: [string, string][] = []
  for (const [name, work] of steps) {
    const outcome = await work(lxd, shared).then(
      () => 'as LXD 5.0',
      (error: Error) => (error instanceof AnboxError ? `${error.code}: ${error.server}` : String(error)).slice(0, 100),
    )
    outcomes.push([name, outcome])
  }
  return outcomes
}

test('what the client does on LXD it does on Incus', async () => {
  await using incus = await Incus.start()
  await using fork = new LxdClient({ socketPath: incus.socketPath })
  await using root = new LxdClient({ socketPath: join(String(process.env.ANBOX_TEST_LXD), 'unix.socket') })
  const project = `incus-${process.pid}`
  await root.projects.create({
    name: project,
    config: { 'features.images': 'true', 'features.storage.volumes': 'true' },
  })
  const columns = ['LXD 5.0', `Incus ${incus.version}`]
  const table = new Table(
    columns,
    steps.map(([name]) => name),
  )
  const wrong: string[] = []
  try {
    for (const [index, client] of [root.project(project), fork].entries())
      for (const [step, outcome] of await trial(client)) {
        table.set(step, String(columns[index]), outcome)
        if (outcome !== 'as LXD 5.0') wrong.push(`${columns[index]}: ${step}: ${outcome}`)
      }
  } finally {
    await root.projects.delete(project)
    console.log(`\n${table}\n`)
  }
  assert.deepEqual(wrong, [])
})
