// What travels to an AMS; that the answers are right is tested against the agent.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { suite } from '@anbox/harness'
import { make } from '../../test/certificates.ts'
import { bodyOf, fail, reply, serve, started, sync } from '../../test/server.ts'
import { ConflictError, InvalidRequestError, NotFoundError } from '../errors.ts'
import { AmsClient } from './client.ts'

const test = suite('AMS client')
type Seen = { line: string; headers: NodeJS.Dict<string | string[]>; body: string }

async function server(metadata: unknown = {}) {
  const seen: Seen[] = []
  const local = await serve({
    socket: () => {},
    request: async (asked, answer) => {
      const body = (await bodyOf(asked)).toString()
      seen.push({ line: `${asked.method} ${asked.url}`, headers: asked.headers, body })
      if (asked.method === 'GET') return sync(answer, metadata)
      started(answer, {
        id: 'o1',
        status: 'Success',
        status_code: 200,
        resources: { instances: ['/1.0/instances/abc'] },
      } as never)
    },
  })
  return {
    seen,
    ams: new AmsClient({ socketPath: local.socketPath }),
    [Symbol.asyncDispose]: () => local[Symbol.asyncDispose](),
  }
}

test('instances: what is asked for, and how', async () => {
  await using it = await server([])
  await using ams = it.ams
  await ams.instances.list({ status: 'running', tags: ['a', 'b'], limit: 5 })
  const launched = await ams.instances.launch({ name: 'one', image_id: 'jammy:android15:amd64' }, { noWait: true })
  assert.equal(launched.resource('instances'), 'abc')
  await ams.instances.start('abc')
  await ams.instances.stop('abc', { noWait: false })
  await ams.instances.delete('a/b', { force: true })
  await ams.config.set('scheduler.strategy', 'binpack')
  assert.deepEqual(
    it.seen.map(({ line, body }) => [line, body]),
    [
      ['GET /1.0/instances?recursion=1&status=running&tags=a%2Cb&limit=5', ''],
      ['POST /1.0/instances?no_wait=true', '{"name":"one","image_id":"jammy:android15:amd64"}'],
      ['GET /1.0/instances/abc', ''],
      ['PATCH /1.0/instances/abc', '{"desired_status":"running"}'],
      ['PATCH /1.0/instances/abc?no_wait=false', '{"desired_status":"stopped"}'],
      ['DELETE /1.0/instances/a%2Fb', '{"force":true}'],
      ['PATCH /1.0/config', '{"name":"scheduler.strategy","value":"binpack"}'],
    ],
  )
})

test('an image is sent raw, named and described in headers, hashed where it is a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-ams-'))
  const file = join(folder, 'image.tar.xz')
  writeFileSync(file, Buffer.alloc(3_000_000, 7))
  try {
    await using it = await server()
    await using ams = it.ams
    const progress: number[] = []
    await ams.images.upload('grün', file, {
      default: true,
      onProgress: ({ transferred, total }) => progress.push(transferred / (total ?? 1)),
    })
    await ams.images.upload('two', Readable.from([Buffer.from('abc')]), { type: 'container' })
    const [first, second] = it.seen
    assert.equal(first?.headers['content-type'], 'application/octet-stream')
    assert.equal(
      first?.headers['x-ams-fingerprint'],
      createHash('sha256').update(Buffer.alloc(3_000_000, 7)).digest('hex'),
    )
    assert.deepEqual(JSON.parse(String(first?.headers['x-ams-request'])), { name: 'grün', default: true, type: '' })
    assert.equal(first?.body.length, 3_000_000)
    assert.ok(progress.length > 2 && progress.at(-1) === 1)
    assert.deepEqual(
      [second?.headers['x-ams-fingerprint'], second?.headers['transfer-encoding'], second?.body],
      [undefined, 'chunked', 'abc'],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a file that is not there is told before anything is sent', async () => {
  await using it = await server()
  await using ams = it.ams
  await assert.rejects(ams.images.upload('x', '/nowhere/image'), { code: 'ENOENT' })
  assert.equal(it.seen.length, 0)
})

test('exactly one certificate is handed over, as base64 of its DER', async () => {
  const one = make('one')
  await using it = await server()
  await using ams = it.ams
  await ams.certificates.add(one.certificate, { trustPassword: 'hush' })
  const body = JSON.parse(it.seen[0]?.body ?? '') as Record<string, string>
  assert.deepEqual(Object.keys(body), ['certificate', 'trust-password'])
  assert.ok(one.certificate.replaceAll('\n', '').includes(body.certificate ?? '?'))
  await assert.rejects(ams.certificates.add(one.certificate + one.certificate), InvalidRequestError)
})

test('features are asked for once; errors are those of the table', async () => {
  await using it = await server({ api_extensions: ['instance_support'] })
  await using ams = it.ams
  assert.deepEqual([await ams.hasExtension('instance_support'), await ams.hasExtension('vm_support')], [true, false])
  assert.equal(it.seen.length, 1)
  await using failing = await serve({
    request: (asked, answer) =>
      asked.method === 'POST'
        ? fail(answer, 409, 'exists')
        : reply(answer, 404, { type: 'error', error: '', error_code: 404 }),
  })
  await using other = new AmsClient({ socketPath: failing.socketPath })
  await assert.rejects(other.instances.get('x'), NotFoundError)
  await assert.rejects(other.instances.launch({}), ConflictError)
  await assert.rejects(other.instances.logs.get('x', 'system.log'), NotFoundError)
})
