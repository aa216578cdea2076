// Images of an image server, with a token and a CA of its own: imported, synchronised, and refused when their bytes are not
// what the server's list says.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { NotSupportedError, OperationFailedError } from '@anbox/sdk'
import { run } from '../../scripts/command.ts'
import { Edge, guestFile } from './edge.ts'
import { ImageServer, sha256, token } from './image-server.ts'

const test = suite('agent: images of an image server', { timeout: 60_000 })
let server: ImageServer
let edge: Edge

test.before(async () => {
  server = await ImageServer.start()
  edge = await Edge.start({ config: { images: { ca: server.ca } } })
  server.offer('20260101', guestFile())
})
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
})

const known = async () => (await edge.ams.images.get('remote')).versions?.map(({ fingerprint }) => fingerprint)

test('without a server it is refused; with one the image is fetched, checked and made', async () => {
  await assert.rejects(edge.ams.images.import({ name: 'remote', path: 'stand-in' }), NotSupportedError)
  await edge.ams.config.set('images.url', server.url)
  await edge.ams.config.set('images.auth', `bearer:${token}`)
  assert.equal((await edge.ams.config.get())['images.auth'], true)
  await (await edge.ams.images.import({ name: 'remote', path: 'stand-in' })).wait()
  assert.deepEqual(await known(), [sha256(guestFile())])
})

test('a newer build, in two parts, becomes a version; asked again there is none', async () => {
  const parts = join(server.folder, 'parts')
  mkdirSync(parts)
  await run('tar', ['-xzf', edge.otherGuest(server.folder), '-C', parts])
  const [meta, root] = [join(server.folder, 'lxd.tar.xz'), join(server.folder, 'root.tar.xz')]
  await run('tar', ['-czf', meta, '-C', parts, 'metadata.yaml'])
  await run('tar', ['-czf', root, '-C', parts, 'rootfs'])
  const combined = sha256(meta, root)
  server.versions['20260201'] = {
    items: {
      meta: server.item('lxd.tar.xz', meta, { combined_rootxz_sha256: combined }),
      root: server.item('root.tar.xz', root),
    },
  }
  for (let twice = 0; twice < 2; twice++) await (await edge.ams.images.sync('remote')).wait()
  assert.deepEqual(await known(), [sha256(guestFile()), combined])
})

test('bytes that are not what the list says are refused, and what was there stays', async () => {
  const before = await known()
  const bad = join(server.folder, 'bad.tar.gz')
  renameSync(edge.otherGuest(server.folder), bad)
  server.offer('20260301', bad)
  writeFileSync(bad, Buffer.concat([readFileSync(bad).subarray(0, -1), Buffer.from('x')]))
  await assert.rejects(async () => (await edge.ams.images.sync('remote')).wait(), OperationFailedError)
  assert.deepEqual(await known(), before)
})

test('a named build is taken, and a wrong token is an error that does not name it', async () => {
  delete server.versions['20260301']
  await (await edge.ams.images.import({ name: 'old', path: 'stand-in@20260101' })).wait()
  assert.equal((await edge.ams.images.get('old')).versions?.[0]?.fingerprint, sha256(guestFile()))
  await edge.ams.config.set('images.auth', 'bearer:wrong')
  await assert.rejects(
    async () => (await edge.ams.images.sync('remote')).wait(),
    (error: Error) =>
      error instanceof OperationFailedError && !error.message.includes('bearer') && /401|refused/.test(error.message),
  )
})
