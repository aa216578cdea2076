// Image servers: what is offered, found and fetched, and what is refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { make } from '../../test/certificates.ts'
import { serve } from '../../test/server.ts'
import { NotFoundError, ServerError, TimeoutError, UnauthorizedError } from '../errors.ts'
import { SimpleStreams } from './simplestreams.ts'

const test = suite('image servers')
const folder = mkdtempSync(join(tmpdir(), 'sdk-streams-'))
test.after(() => rmSync(folder, { recursive: true }))
const identity = make('127.0.0.1')
const sha256 = (...parts: string[]) => createHash('sha256').update(parts.join('')).digest('hex')

const file = (ftype: string, path: string, content: string) => ({
  ftype,
  path,
  sha256: sha256(content),
  size: content.length,
})
const version = (name: string) => ({
  items: {
    'lxd.tar.xz': {
      ...file('lxd.tar.xz', `${name}/lxd.tar.xz`, `metadata ${name}`),
      combined_squashfs_sha256: sha256(`metadata ${name}`, `root ${name}`),
      combined_rootxz_sha256: sha256(`metadata ${name}`, `tarball ${name}`),
      'combined_disk-kvm-img_sha256': sha256(`metadata ${name}`, `disk ${name}`),
    },
    'root.tar.xz': file('root.tar.xz', `${name}/root.tar.xz`, `tarball ${name}`),
    squashfs: file('squashfs', `${name}/root.squashfs`, `root ${name}`),
    disk: file('disk-kvm.img', `${name}/disk.img`, `disk ${name}`),
    delta: file('squashfs.vcdiff', `${name}/delta`, 'delta'),
  },
})
const products = {
  'ubuntu:noble:arm64:default': {
    aliases: 'ubuntu/noble,ubuntu/24.04',
    arch: 'arm64',
    os: 'Ubuntu',
    release: 'noble',
    variant: 'default',
    versions: { '20260102_0742': version('second'), '20260101_0742': version('first') },
  },
  'android:amd64': {
    aliases: 'android',
    arch: 'amd64',
    os: 'Android',
    release: '15',
    versions: {
      '1': { items: { one: file('lxd_combined.tar.gz', 'whole.tar.gz', 'whole') } },
      '2': { items: { one: { ...file('lxd_combined.tar.gz', '../../etc/passwd', 'whole') } } },
      '3': { items: { one: { ftype: 'lxd_combined.tar.gz', path: 'whole.tar.gz', size: 5 } } },
    },
  },
}
const documents: Record<string, string> = {
  '/images/streams/v1/index.json': JSON.stringify({
    format: 'index:1.0',
    index: {
      images: { datatype: 'image-downloads', path: 'streams/v1/images.json', format: 'products:1.0' },
      others: { datatype: 'image-ids', path: 'streams/v1/ids.json' },
    },
  }),
  '/images/streams/v1/images.json': JSON.stringify({ format: 'products:1.0', products }),
  '/images/second/lxd.tar.xz': 'metadata second',
  '/images/second/root.squashfs': 'root second',
  '/images/second/disk.img': 'DISK second',
  '/images/whole.tar.gz': 'whole and more than was announced',
  '/web/streams/v1/index.json': '<html>Welcome</html>',
  '/token/streams/v1/index.json': '{}',
}

async function server() {
  const tokens: (string | undefined)[] = []
  const local = await serve(
    {
      request: ({ url = '', headers }, answer) => {
        tokens.push(headers.authorization)
        if (url.startsWith('/slow')) return
        const known = !url.startsWith('/token') || headers.authorization === 'Bearer let-me-in'
        const content = known ? documents[url] : undefined
        answer.writeHead(content === undefined ? (known ? 404 : 401) : 200, { 'content-type': 'application/json' })
        answer.end(content ?? '{"type":"error","error":"no","error_code":404}')
      },
    },
    identity,
  )
  const at = (path: string) => new SimpleStreams({ url: `${local.url}/${path}`, ca: identity.certificate, retries: 0 })
  return Object.assign(local, { at, tokens })
}

test('list gives each build of each product with each of its root file systems, and leaves out what cannot be verified', async () => {
  await using local = await server()
  await using streams = local.at('images/')
  const images = await streams.list()
  assert.deepEqual(
    images.map(({ product, version, type }) => `${product} ${version} ${type}`),
    ['20260102_0742', '20260101_0742']
      .flatMap((version) =>
        ['container', 'container', 'virtual-machine'].map((type) => `ubuntu:noble:arm64:default ${version} ${type}`),
      )
      .concat('android:amd64 1 container'),
  )
  assert.deepEqual(images[0], {
    fingerprint: sha256('metadata second', 'root second'),
    type: 'container',
    files: [
      { type: 'lxd.tar.xz', path: 'second/lxd.tar.xz', sha256: sha256('metadata second'), size: 15 },
      { type: 'squashfs', path: 'second/root.squashfs', sha256: sha256('root second'), size: 11 },
    ],
    size: 26,
    version: '20260102_0742',
    product: 'ubuntu:noble:arm64:default',
    aliases: ['ubuntu/noble', 'ubuntu/24.04'],
    architecture: 'aarch64',
    os: 'Ubuntu',
    release: 'noble',
    variant: 'default',
  })
  assert.deepEqual(local.seen, ['GET /images/streams/v1/index.json', 'GET /images/streams/v1/images.json'])
})

test('find takes the newest build, by alias and architecture in both spellings, or by fingerprint', async () => {
  await using local = await server()
  await using streams = local.at('images')
  const newest = sha256('metadata second', 'root second')
  for (const architecture of ['arm64', 'aarch64'])
    assert.equal((await streams.find('ubuntu/24.04', { architecture })).fingerprint, newest)
  const machine = await streams.find('ubuntu/noble', { architecture: 'arm64', type: 'virtual-machine' })
  assert.equal(machine.fingerprint, sha256('metadata second', 'disk second'))
  const old = sha256('metadata first', 'tarball first')
  assert.equal((await streams.find(old)).version, '20260101_0742')
  await assert.rejects(streams.find('ubuntu/noble', { architecture: 's390x' }), (error: Error) => {
    assert.ok(error instanceof NotFoundError)
    assert.match(error.message, /has no container image ubuntu\/noble for s390x$/)
    return true
  })
})

test('download writes both files with progress; damaged or longer ones leave nothing', async () => {
  await using local = await server()
  await using streams = local.at('images')
  const at = join(folder, 'image')
  const image = await streams.find('ubuntu/noble', { architecture: 'arm64' })
  let last: unknown
  const saved = await streams.download(image, at, { onProgress: (progress) => (last = progress) })
  assert.deepEqual(saved, { fingerprint: image.fingerprint, files: [at, `${at}.root`] })
  assert.deepEqual(
    saved.files.map((name) => readFileSync(name, 'utf8')),
    ['metadata second', 'root second'],
  )
  assert.deepEqual(last, { transferred: 26, total: 26 })
  const damaged = await streams.find('ubuntu/noble', { architecture: 'arm64', type: 'virtual-machine' })
  await assert.rejects(streams.download(damaged, join(folder, 'damaged')), /the image is damaged/)
  const longer = await streams.find('android', { architecture: 'amd64' })
  await assert.rejects(streams.download(longer, join(folder, 'longer')), /longer than the 5 bytes/)
  const missing = (await streams.list()).find(({ version }) => version === '20260101_0742')
  assert.ok(missing)
  await assert.rejects(streams.download(missing, join(folder, 'missing')), NotFoundError)
  assert.deepEqual(readdirSync(folder).sort(), ['image', 'image.root'])
})

test('what is no image server, wants a token or stands still is said', async () => {
  await using local = await server()
  for (const [path, expected] of [
    ['web', ServerError],
    ['none', NotFoundError],
    ['token', UnauthorizedError],
  ] as const) {
    await using streams = local.at(path)
    await assert.rejects(streams.list(), expected)
  }
  const url = `${local.url}/token`
  await using known = new SimpleStreams({ url, ca: identity.certificate, bearer: 'let-me-in' })
  assert.deepEqual(await known.list(), [])
  await using slow = local.at('slow')
  await assert.rejects(slow.list({ deadline: 100 }), TimeoutError)
  await assert.rejects(slow.list({ signal: AbortSignal.abort(new Error('stop')) }), /stop/)
})
