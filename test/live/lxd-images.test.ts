// Images on their way between servers: LXD fetches from an image server that our own client reads too, and an image goes
// to another project, and to another LXD that the first one does not know.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, openAsBlob, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { suite } from '@anbox/harness'
import { LxdClient, OperationFailedError, SimpleStreams } from '@anbox/sdk'
import { make } from '../../packages/sdk/test/certificates.ts'
import { serve } from '../../packages/sdk/test/server.ts'
import { run } from '../../scripts/command.ts'
import { cleanPrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { guestFile } from './edge.ts'

const test = suite('LXD: images between servers', { timeout: 90_000 })
const folder = mkdtempSync(join(tmpdir(), 'lxd-images-'))
const lxd = new LxdClient({ socketPath: join(String(process.env.ANBOX_TEST_LXD), 'unix.socket') })
const projects = [1, 2].map((n) => `images-${process.pid}-${n}`)
const [here, there] = projects.map((name) => lxd.project(name)) as [LxdClient, LxdClient]
const guest = guestFile()
const fingerprint = createHash('sha256').update(readFileSync(guest)).digest('hex')

test.before(async () => {
  for (const name of projects) await lxd.projects.create({ name, config: { 'features.images': 'true' } })
})
test.after(async () => {
  for (const name of projects) {
    const project = lxd.project(name)
    for (const { fingerprint: one } of await project.images.list()) await (await project.images.delete(one)).wait()
    await lxd.projects.delete(name)
  }
  await lxd.close()
  rmSync(folder, { recursive: true })
})

test('LXD takes from an image server what our client finds there, under the same fingerprint', async () => {
  const identity = make('127.0.0.1')
  const documents: Record<string, object> = {
    '/streams/v1/index.json': {
      format: 'index:1.0',
      index: { images: { datatype: 'image-downloads', path: 'streams/v1/images.json', products: ['one'] } },
    },
    '/streams/v1/images.json': {
      format: 'products:1.0',
      content_id: 'images',
      datatype: 'image-downloads',
      products: {
        one: {
          aliases: 'stand-in',
          arch: 'amd64',
          os: 'Android',
          release: '15',
          release_title: '15',
          versions: {
            '20260101': {
              items: {
                'lxd_combined.tar.gz': {
                  ftype: 'lxd_combined.tar.gz',
                  path: 'stand-in.tar.gz',
                  sha256: fingerprint,
                  size: statSync(guest).size,
                },
              },
            },
          },
        },
      },
    },
  }
  await using server = await serve(
    {
      request: ({ url = '', method }, answer) => {
        const document = documents[url]
        answer.writeHead(document || url === '/stand-in.tar.gz' ? 200 : 404)
        if (method === 'HEAD' || (!document && url !== '/stand-in.tar.gz')) answer.end()
        else if (document) answer.end(JSON.stringify(document))
        else createReadStream(guest).pipe(answer)
      },
    },
    identity,
  )
  await using streams = new SimpleStreams({ url: server.url, ca: identity.certificate })
  const image = await streams.find('stand-in', { architecture: 'amd64' })
  assert.equal(image.fingerprint, fingerprint)
  const { files } = await streams.download(image, join(folder, 'image'))
  assert.equal(statSync(String(files[0])).size, statSync(guest).size)
  const fetching = await here.images.fetch({
    type: 'image',
    protocol: 'simplestreams',
    server: server.url,
    certificate: identity.certificate,
    alias: 'stand-in',
  })
  assert.equal((await fetching.wait()).metadata.fingerprint, fingerprint)
  assert.equal((await here.images.get(fingerprint)).update_source?.protocol, 'simplestreams')
})

test('an image goes to another project with progress, and a second time is refused', async () => {
  let transferred = 0
  const copying = await here.images.copy(fingerprint, there, {
    aliases: ['copied'],
    onProgress: (progress) => {
      transferred = progress.transferred
    },
  })
  assert.equal((await copying.wait()).metadata.fingerprint, fingerprint)
  assert.equal(transferred, statSync(guest).size)
  assert.equal((await there.images.aliases.get('copied')).target, fingerprint)
  await assert.rejects(async () => (await here.images.copy(fingerprint, there)).wait(), OperationFailedError)
})

test('an image in two parts goes in and to another project as it is', async () => {
  const at = (name: string) => join(folder, name)
  mkdirSync(at('parts'))
  await run('tar', ['-xzf', guest, '-C', at('parts')])
  await run('tar', ['-czf', at('metadata.tar.gz'), '-C', at('parts'), 'metadata.yaml'])
  await run('tar', ['-czf', at('rootfs.tar.gz'), '-C', at('parts'), 'rootfs'])
  const form = new FormData()
  for (const name of ['metadata', 'rootfs']) form.set(name, await openAsBlob(at(`${name}.tar.gz`)), `${name}.tar.gz`)
  const { body, headers } = new Response(form)
  const boundary = headers.get('content-type')?.split('boundary=')[1]
  assert.ok(body && boundary)
  const importing = await here.images.import(Readable.fromWeb(body as never), { boundary })
  const split = (await importing.wait()).metadata.fingerprint
  const parts = ['metadata', 'rootfs'].map((name) => readFileSync(at(`${name}.tar.gz`)))
  assert.equal(split, createHash('sha256').update(Buffer.concat(parts)).digest('hex'))
  assert.equal((await (await here.images.copy(split, there)).wait()).metadata.fingerprint, split)
  const { files } = await there.images.download(split, at('back'))
  assert.deepEqual(
    files.map((name) => readFileSync(name)),
    parts,
  )
})

test('an image goes to another LXD', async () => {
  const directory = join(folder, 'lxd')
  const server = await startPrivateLxd({ directory })
  try {
    await using other = new LxdClient({ socketPath: join(server.directory, 'unix.socket') })
    const copying = await here.images.copy(fingerprint, other, { public: true })
    assert.equal((await copying.wait()).metadata.fingerprint, fingerprint)
    assert.equal((await other.images.get(fingerprint)).public, true)
  } finally {
    await cleanPrivateLxd(directory)
  }
})
