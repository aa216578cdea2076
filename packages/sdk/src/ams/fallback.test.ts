// Against a server that has containers and has never heard of instances.
import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { suite } from '@anbox/harness'
import { container, instance } from '../../test/methods/ams.ts'
import { bodyOf, fail, serve, started, sync } from '../../test/server.ts'
import { NotFoundError, NotSupportedError, type Operation, UnavailableError } from '../index.ts'
import { AmsClient } from './client.ts'

const test = suite('AMS without instances')
const converted = {
  id: 'i1',
  name: 'one',
  base: false,
  type: 'container',
  status: 'running',
  status_code: 4,
  node: 'box',
  app_id: '',
  app_name: '',
  app_version: 0,
  image_id: 'img',
  image_version: 0,
  created_at: 1_700_000_000,
  address: '10.0.0.2',
  public_address: '',
  error_message: '',
  config: {},
  resources: { cpus: 2, memory: 3 * 2 ** 30, 'disk-size': 3 * 2 ** 30 },
}

async function old({ extensions = [] as string[], status = 404, away = false } = {}) {
  const seen: [string, unknown?][] = []
  const server = await serve({
    // A command's output ends at once.
    socket: (socket, url) => {
      if (/secret=[12]$/.test(url)) socket.send('', { binary: false })
    },
    request: async (asked, answer) => {
      const body = (await bodyOf(asked)).toString()
      seen.push([`${asked.method} ${asked.url}`, ...(body ? [JSON.parse(body)] : [])] as [string, unknown?])
      const path = (asked.url ?? '').split('?')[0] ?? ''
      if (path === '/1.0') return away ? fail(answer, 503, 'away') : sync(answer, { api_extensions: extensions })
      if (!path.startsWith('/1.0/containers')) return fail(answer, status, 'not found')
      if (path.endsWith('/logs')) return sync(answer, ['/1.0/containers/i1/logs/system.log'])
      if (path.endsWith('/system.log')) return answer.writeHead(200, { 'content-type': 'text/plain' }).end('broken')
      if (path.endsWith('/exec')) {
        const fds = { 0: '0', 1: '1', 2: '2', control: 'control' }
        return started(answer, { id: 'o2', status: 'Success', status_code: 200, metadata: { fds, return: 3 } } as never)
      }
      if (asked.method !== 'GET') {
        const resources = { containers: ['/1.0/containers/i1'] }
        return started(answer, { id: 'o1', status: 'Success', status_code: 200, resources } as never)
      }
      if (path === '/1.0/containers/nobody') return fail(answer, 404, 'no such container')
      sync(answer, path === '/1.0/containers' ? [container, { ...container, id: 'i2', type: 'base' }] : container)
    },
  })
  const ams = new AmsClient({ socketPath: server.socketPath, retries: 0 })
  return {
    ams,
    seen,
    [Symbol.asyncDispose]: async () => {
      await ams.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('the server is asked once what it is; from then on instances are containers', async () => {
  await using it = await old()
  const { ams, seen } = it
  const filter = { status: 'running', base: false, tags: ['a'] } as const
  assert.deepEqual(await ams.instances.list({ ...filter, tags: ['a'] }), [
    converted,
    { ...converted, id: 'i2', base: true },
  ])
  assert.deepEqual(await ams.instances.get('i1'), converted)
  assert.deepEqual((await ams.instances.page({ limit: 1 })).total, 2)
  assert.deepEqual(await ams.instances.logs.list('i1'), ['system.log'])
  assert.equal(await text(await ams.instances.logs.get('i1', 'system.log')), 'broken')
  const operations: Operation[] = [
    await ams.instances.start('i1'),
    await ams.instances.stop('i1', { noWait: true }),
    await ams.instances.delete('i1', { force: true }),
    await ams.instances.deleteMany(['i1', 'i2']),
  ]
  assert.deepEqual(
    operations.map((operation) => operation.resource('instances')),
    ['i1', 'i1', 'i1', 'i1'],
  )
  assert.deepEqual(seen, [
    ['GET /1.0/instances?recursion=1&status=running&base=false&tags=a'],
    ['GET /1.0'],
    ['GET /1.0/containers?recursion=1&status=running&tags=a&type=regular'],
    ['GET /1.0/containers/i1'],
    ['GET /1.0/containers?recursion=1&limit=1'],
    ['GET /1.0/containers/i1/logs'],
    ['GET /1.0/containers/i1/logs/system.log'],
    ['GET /1.0/containers/i1'],
    ['PATCH /1.0/containers/i1', { desired_status: 'running' }],
    ['PATCH /1.0/containers/i1?no_wait=true', { desired_status: 'stopped' }],
    ['DELETE /1.0/containers/i1', { force: true }],
    ['DELETE /1.0/containers', { ids: ['i1', 'i2'], force: false }],
  ])
  await assert.rejects(ams.instances.get('nobody'), { name: 'NotFoundError', path: '/1.0/containers/nobody' })
})

test('a launch is written as containers have it: resources lie flat', async () => {
  await using it = await old()
  const launched = await it.ams.instances.launch(
    {
      // As AMS's Go client says that nothing is given.
      name: '',
      type: 'container',
      source: { type: '', id: '' },
      app_id: 'a1',
      app_version: 0,
      tags: ['a'],
      resources: { cpus: 2, memory: '3GB', disk_size: 4096, 'gpu-slots': 1, 'gpu-type': '' },
      config: { platform: 'null', features: 'x', display: { width: 0, height: 0 }, enable_streaming: false },
    },
    { noWait: true },
  )
  assert.equal(launched.resource('instances'), 'i1')
  assert.deepEqual(it.seen.at(-1), [
    'POST /1.0/containers?no_wait=true',
    {
      app_id: 'a1',
      app_version: 0,
      tags: ['a'],
      cpus: 2,
      memory: 3 * 2 ** 30,
      disk_size: 4096,
      'gpu-slots': 1,
      config: { platform: 'null', features: 'x' },
    },
  ])
})

test('what containers cannot express is refused, and nothing is sent', async () => {
  await using it = await old()
  const { instances } = it.ams
  await instances.list()
  const before = it.seen.length
  const refused: [() => Promise<unknown>, RegExp][] = [
    [() => instances.launch({ name: 'one' }), /no name/],
    [() => instances.launch({ type: 'vm' }), /type: vm/],
    [() => instances.copy('i1'), /no source/],
    [() => instances.launch({ config: { display: { width: 1 } } }), /config\.display/],
    [() => instances.launch({ config: { enable_streaming: true } }), /config\.enable_streaming/],
    [() => instances.launch({ config: { security: { delete_protected: true } } }), /config\.security/],
    [() => instances.launch({ resources: { 'gpu-type': 'nvidia' } }), /resources\.gpu-type/],
    [() => instances.launch({ resources: { no_disk_reserve: true } }), /resources\.no_disk_reserve/],
    [() => instances.update('i1', { config: { security: { delete_protected: false } } }), /config\.security/],
    [() => instances.list({ type: 'vm' }), /type: vm/],
  ]
  for (const [call, words] of refused)
    await assert.rejects(call, (error: Error) => {
      assert.ok(error instanceof NotSupportedError)
      assert.match(error.message, /no "instance_support"/)
      assert.match(error.message, words)
      return true
    })
  assert.equal(it.seen.length, before)
})

test('commands run in containers', async () => {
  await using it = await old()
  const { exitCode, stdout } = await it.ams.instances.run('i1', ['true'])
  assert.deepEqual([exitCode, stdout], [3, ''])
  assert.deepEqual(
    it.seen.map(([line]) => line),
    ['POST /1.0/instances/i1/exec', 'GET /1.0', 'POST /1.0/containers/i1/exec'],
  )
  const { terminal } = await it.ams.instances.execInteractive('i1', { command: ['sh'] })
  terminal.destroy()
  assert.equal(it.seen.at(-1)?.[0], 'POST /1.0/containers/i1/exec')
})

test('a server with instances is not asked for containers: what it lacks is missing', async () => {
  await using it = await old({ extensions: ['instance_support'] })
  await assert.rejects(it.ams.instances.get('i1'), { name: 'NotFoundError', path: '/1.0/instances/i1' })
  await assert.rejects(it.ams.instances.get('i2'), NotFoundError)
  assert.deepEqual(
    it.seen.map(([line]) => line),
    ['GET /1.0/instances/i1', 'GET /1.0', 'GET /1.0/instances/i2'],
  )
})

test('a server that refuses for another reason, or cannot be asked what it is, is taken at its word', async () => {
  await using forbids = await old({ status: 403 })
  await assert.rejects(forbids.ams.instances.list(), { name: 'ForbiddenError' })
  await using fails = await old({ status: 503 })
  await assert.rejects(fails.ams.instances.list(), UnavailableError)
  await using away = await old({ away: true })
  await assert.rejects(away.ams.instances.get('i1'), { name: 'NotFoundError', path: '/1.0/instances/i1' })
  for (const { seen } of [forbids, fails, away]) assert.ok(seen.every(([line]) => !line.includes('containers')))
})

test('an instance that has failed is started only when that is said', async () => {
  const seen: string[] = []
  await using server = await serve({
    request: (asked, answer) => {
      seen.push(`${asked.method} ${asked.url}`)
      if (asked.method === 'GET') sync(answer, { ...instance, status: 'error', status_code: -1 })
      else started(answer, { id: 'o1', status: 'Success', status_code: 200 } as never)
    },
  })
  await using ams = new AmsClient({ socketPath: server.socketPath })
  await assert.rejects(ams.instances.start('i1'), { name: 'InvalidRequestError', message: /fromError/ })
  assert.deepEqual(seen, ['GET /1.0/instances/i1'])
  await ams.instances.start('i1', { fromError: true })
  assert.deepEqual(seen.slice(1), ['PATCH /1.0/instances/i1'])
})
