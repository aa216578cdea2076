// Each method of the client: what travels to the server, and what the caller gets of the answer.
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { suite } from '@anbox/harness'
import { amsMethods, packageBytes } from '../../test/methods/ams.ts'
import type { Row } from '../../test/methods/row.ts'
import { bodyOf, serve, started, sync } from '../../test/server.ts'
import { AmsClient } from './client.ts'

const test = suite('AMS on the wire', { timeout: 30_000 })

type Seen = { asked: IncomingMessage; body: Buffer }

/** Runs a row against a server that answers as it says. */
async function run(row: Row<AmsClient>): Promise<{ seen: Seen[]; result: unknown }> {
  const seen: Seen[] = []
  await using server = await serve({
    socket: () => {},
    request: async (asked, answer) => {
      seen.push({ asked, body: await bodyOf(asked) })
      reply(row, answer)
    },
  })
  await using ams = new AmsClient({ socketPath: server.socketPath, retries: 0 })
  const result = await row.call(ams, { signal: AbortSignal.timeout(10_000) })
  return { seen, result }
}

function reply({ kind = 'sync', answer }: Row<AmsClient>, response: ServerResponse): void {
  if (kind === 'raw') response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(answer)
  else if (kind === 'sync') sync(response, answer)
  else started(response, { id: 'o1', status: 'Success', status_code: 200, ...(answer as object | undefined) } as never)
}

for (const [index, row] of amsMethods.entries())
  test(`${row.name} (${index}): ${row.method} ${row.path}`, async () => {
    const { seen, result } = await run(row)
    assert.equal(seen.length, 1)
    const [{ asked, body }] = seen as [Seen]
    const [path, query] = (asked.url ?? '').split('?')
    assert.equal(`${asked.method} ${path}`, `${row.method} ${row.path}`)
    assert.deepEqual(Object.fromEntries(new URLSearchParams(query)), row.query ?? {})
    for (const [name, value] of Object.entries(row.headers ?? {})) assert.equal(asked.headers[name], value, name)
    if (row.headers?.['content-type'] === 'application/octet-stream') assert.ok(body.equals(packageBytes))
    else if (row.body === undefined) assert.equal(body.length, 0)
    else {
      assert.deepEqual(JSON.parse(body.toString()), row.body)
      assert.equal(asked.headers['content-type'], 'application/json')
    }
    assert.ok(row.expect, 'the row says what the caller gets')
    row.expect(result)
  })

/** A client of a server that gives each request the same answer. */
async function answering(headers: Record<string, string>, body: string) {
  const server = await serve({ request: (_asked, answer) => answer.writeHead(200, headers).end(body) })
  const ams = new AmsClient({ socketPath: server.socketPath, retries: 0 })
  return {
    ams,
    [Symbol.asyncDispose]: async () => {
      await ams.close()
      await server[Symbol.asyncDispose]()
    },
  }
}
const json = { 'content-type': 'application/json' }

test('a page says how many there are in all', async () => {
  await using it = await answering(json, '{"type":"sync","status_code":200,"metadata":[{"id":"a"}],"total_size":99}')
  const { ams } = it
  for (const resource of [ams.instances, ams.containers, ams.applications, ams.identities, ams.groups])
    assert.equal((await resource.page({ limit: 1 })).total, 99)
})

test('a thing comes with its ETag', async () => {
  await using it = await answering({ ...json, etag: '"e1"' }, '{"type":"sync","status_code":200,"metadata":{}}')
  for (const resource of [it.ams.images, it.ams.applications, it.ams.nodes, it.ams.certificates])
    assert.deepEqual(await resource.getWithEtag('x'), { value: {}, etag: '"e1"' })
})

test("manifests and exports come with the manifest's hash, exports with their size", async () => {
  await using it = await answering(
    { 'content-type': 'application/octet-stream', 'x-ams-manifestsha256': 'ab' },
    'a: b\n',
  )
  assert.deepEqual(await it.ams.applications.manifest('x'), { text: 'a: b\n', sha256: 'ab' })
  const { stream, size, manifestSha256 } = await it.ams.applications.versions.export('x', 0)
  assert.deepEqual([await text(stream), size, manifestSha256], ['a: b\n', undefined, 'ab'])
  await using sized = await answering({ 'content-type': 'application/octet-stream', 'content-length': '5' }, 'bytes')
  const other = await sized.ams.applications.versions.export('x', 0)
  assert.deepEqual([await text(other.stream), other.size, other.manifestSha256], ['bytes', 5, undefined])
})

test('there may be no default image', async () => {
  for (const metadata of ['[]', 'null', '[{"id":"a","default":false}]', '["/1.0/images/a"]']) {
    await using it = await answering(json, `{"type":"sync","status_code":200,"metadata":${metadata}}`)
    await assert.rejects(it.ams.images.getDefault(), { name: 'NotFoundError', code: 'not-found' })
  }
})

/** What makes no request of its own, or more than one, which other tests look at. */
const others = ['close', 'events', 'instances.informer', 'instances.run', 'containers.run']

test('every public method has a row, and every row is a method', async () => {
  await using ams = new AmsClient({ socketPath: '/nowhere' })
  const named = methodsOf(ams).filter((name) => !others.includes(name) && !name.startsWith('connection.'))
  const rows = new Set(amsMethods.map(({ name }) => name))
  assert.deepEqual(
    named.filter((name) => !rows.has(name)),
    [],
    'without a row',
  )
  assert.deepEqual(
    [...rows].filter((name) => !named.includes(name)),
    [],
    'no such method',
  )
})

/** `a.b.c` of every function that can be reached from the client. */
function methodsOf(thing: object, prefix = ''): string[] {
  const own = Object.entries(thing)
  const inherited = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(thing)))
    .filter(([name]) => name !== 'constructor')
    .map(([name, { value }]) => [name, value] as const)
  return [...own, ...(typeof thing === 'function' ? [] : inherited)].flatMap(([name, value]) => {
    const here = `${prefix}${name}`
    if (typeof value === 'function') return [here, ...methodsOf(value, `${here}.`)]
    return typeof value === 'object' && value !== null ? methodsOf(value, `${here}.`) : []
  })
}
