// Images of an image server, with a token and a CA of its own: imported, synchronised, and refused when their bytes are not
// what the server's list says.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { suite } from '@anbox/harness'
import { NotSupportedError, OperationFailedError } from '@anbox/sdk'
import { make } from '../../packages/sdk/test/certificates.ts'
import { type LocalServer, serve } from '../../packages/sdk/test/server.ts'
import { run } from '../../scripts/command.ts'
import { Edge, guestFile } from './edge.ts'

const test = suite('agent: images of an image server', { timeout: 60_000 })
const folder = mkdtempSync(join(tmpdir(), 'image-server-'))
const identity = make('127.0.0.1')
const token = 'token-of-the-subscription'
/** Builds of the one product, and what is served for each path. */
const versions: Record<string, { items: object }> = {}
const files = new Map<string, string>()
let server: LocalServer
let edge: Edge

const sha256 = (...paths: string[]) => {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path))
  return hash.digest('hex')
}
const item = (ftype: string, path: string, more: object = {}) => {
  files.set(`/${basename(path)}`, path)
  return { ftype, path: basename(path), sha256: sha256(path), size: statSync(path).size, ...more }
}
const documents = (): Record<string, object> => ({
  '/streams/v1/index.json': {
    format: 'index:1.0',
    index: { images: { datatype: 'image-downloads', path: 'streams/v1/images.json' } },
  },
  '/streams/v1/images.json': {
    format: 'products:1.0',
    products: {
      one: {
        aliases: 'stand-in',
        arch: arch() === 'arm64' ? 'arm64' : 'amd64',
        os: 'Android',
        release: '15',
        versions,
      },
    },
  },
})

test.before(async () => {
  const request = (
    { url = '', headers }: { url?: string; headers: { authorization?: string } },
    answer: import('node:http').ServerResponse,
  ) => {
    const [document, file] = [documents()[url], files.get(url)]
    if (headers.authorization !== `Bearer ${token}`) answer.writeHead(401).end()
    else if (document) answer.writeHead(200).end(JSON.stringify(document))
    else if (file) createReadStream(file).pipe(answer.writeHead(200))
    else answer.writeHead(404).end()
  }
  server = await serve({ request }, identity)
  writeFileSync(join(folder, 'ca.crt'), identity.certificate)
  edge = await Edge.start({ config: { images: { ca: join(folder, 'ca.crt') } } })
  versions['20260101'] = { items: { whole: item('lxd_combined.tar.gz', guestFile()) } }
})
test.after(async () => {
  await edge?.[Symbol.asyncDispose]()
  await server?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
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
  const parts = join(folder, 'parts')
  mkdirSync(parts)
  await run('tar', ['-xzf', edge.otherGuest(folder), '-C', parts])
  const [meta, root] = [join(folder, 'lxd.tar.xz'), join(folder, 'root.tar.xz')]
  await run('tar', ['-czf', meta, '-C', parts, 'metadata.yaml'])
  await run('tar', ['-czf', root, '-C', parts, 'rootfs'])
  const combined = sha256(meta, root)
  versions['20260201'] = {
    items: { meta: item('lxd.tar.xz', meta, { combined_rootxz_sha256: combined }), root: item('root.tar.xz', root) },
  }
  for (let twice = 0; twice < 2; twice++) await (await edge.ams.images.sync('remote')).wait()
  assert.deepEqual(await known(), [sha256(guestFile()), combined])
})

test('bytes that are not what the list says are refused, and what was there stays', async () => {
  const before = await known()
  const bad = join(folder, 'bad.tar.gz')
  renameSync(edge.otherGuest(folder), bad)
  versions['20260301'] = { items: { whole: item('lxd_combined.tar.gz', bad) } }
  writeFileSync(bad, Buffer.concat([readFileSync(bad).subarray(0, -1), Buffer.from('x')]))
  await assert.rejects(async () => (await edge.ams.images.sync('remote')).wait(), OperationFailedError)
  assert.deepEqual(await known(), before)
})

test('a named build is taken, and a wrong token is an error that does not name it', async () => {
  delete versions['20260301']
  await (await edge.ams.images.import({ name: 'old', path: 'stand-in@20260101' })).wait()
  assert.equal((await edge.ams.images.get('old')).versions?.[0]?.fingerprint, sha256(guestFile()))
  await edge.ams.config.set('images.auth', 'bearer:wrong')
  await assert.rejects(
    async () => (await edge.ams.images.sync('remote')).wait(),
    (error: Error) =>
      error instanceof OperationFailedError && !error.message.includes('bearer') && /401|refused/.test(error.message),
  )
})
