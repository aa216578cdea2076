// Trees of files and escapes from them. Ten thousand files and two gigabytes are in lxd-load.long.test.ts.
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { LxdClient } from '@anbox/sdk'
import { serve } from '../../packages/sdk/test/server.ts'
import { Trial, thereAndBack } from './lxd-files.ts'

const test = suite('LXD: trees of files', { timeout: 60_000 })
let trial: Trial
test.before(
  async () => {
    trial = await Trial.start()
  },
  { timeout: 60_000 },
)
test.after(() => trial?.[Symbol.asyncDispose](), { timeout: 60_000 })

test('200 files go in and come out the same, with modes, empty ones, odd names and links', async () => {
  await thereAndBack(trial, 200)
})

test('a link that lies in the way is not followed: neither a folder nor a file outside is written', async () => {
  const [inside, outside, from] = ['inside', 'outside', 'from'].map((name) => join(trial.folder, name)) as [
    string,
    string,
    string,
  ]
  for (const folder of [inside, outside, join(from, 'sub')]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(from, 'file'), 'new')
  writeFileSync(join(from, 'sub/deep'), 'new')
  writeFileSync(join(outside, 'victim'), 'old')
  await trial.lxd.instances.files.push('one', from, '/data/trap')
  symlinkSync(join(outside, 'victim'), join(inside, 'file'))
  symlinkSync(outside, join(inside, 'sub'))
  await assert.rejects(trial.lxd.instances.files.pull('one', '/data/trap', inside), /ELOOP|ENOTDIR/)
  assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'old')
  assert.deepEqual(readdirSync(outside), ['victim'])
  // The link to a file was replaced by the file.
  assert.ok(lstatSync(join(inside, 'file')).isFile())
  assert.deepEqual(
    readdirSync(inside).filter((name) => name.endsWith('.part')),
    [],
  )
})

test('names by which a server would lead out of the folder are refused', async () => {
  for (const name of ['../evil', '..', '.', '', 'a/b', '/etc/evil', 'a\0b']) {
    await using server = await serve({
      request: (asked, answer) => {
        const path = new URL(asked.url ?? '', 'http://x').searchParams.get('path')
        const folder = path === '/data'
        answer.writeHead(200, {
          'x-lxd-type': folder ? 'directory' : 'file',
          'content-type': folder ? 'application/json' : 'application/octet-stream',
        })
        answer.end(folder ? JSON.stringify({ type: 'sync', metadata: ['good', name] }) : 'evil')
      },
    })
    await using lxd = new LxdClient({ socketPath: server.socketPath, retries: 0 })
    const to = join(trial.folder, 'escape', 'to')
    await assert.rejects(lxd.instances.files.pull('one', '/data', to), { code: 'invalid-request' })
    assert.deepEqual(readdirSync(to), [], JSON.stringify(name))
    assert.ok(!existsSync(join(trial.folder, 'escape/evil')))
  }
})

test('an abort ends it with its reason and leaves no half file', async () => {
  const from = join(trial.folder, 'many')
  mkdirSync(from)
  for (let i = 0; i < 300; i++) writeFileSync(join(from, `f${i}`), 'x'.repeat(10_000))
  await trial.lxd.instances.files.push('one', from, '/data/many')
  const abort = new AbortController()
  const reason = new Error('enough')
  const to = join(trial.folder, 'cut')
  const onProgress = ({ files }: { files: number }) => files === 20 && abort.abort(reason)
  await assert.rejects(
    trial.lxd.instances.files.pull('one', '/data/many', to, { signal: abort.signal, onProgress }),
    (error) => error === reason,
  )
  const there = readdirSync(to)
  assert.ok(there.length >= 20 && there.length < 300)
  for (const name of there) assert.equal(lstatSync(join(to, name)).size, 10_000, name)
})
