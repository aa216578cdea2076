// The life of Android systems through the agent: launched, listed, used, stopped, started, deleted.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { suite } from '@anbox/harness'
import { NotFoundError, OperationFailedError } from '@anbox/sdk'
import { Edge, freePort, made, small, until } from './edge.ts'

const test = suite('agent: instances', { timeout: 60_000 })
let edge: Edge
let image: string

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 4 })
  image = await edge.upload()
})
test.after(() => edge?.[Symbol.asyncDispose]())

type Amounts = { cpus: number; memory: number; disk: number }
/** What the agent counts as taken: a field of its own beside AMS's. */
const reserved = async () =>
  ((await edge.ams.nodes.get('box')) as unknown as { 'edge.reserved': Amounts })['edge.reserved']

const launch = async (body: object = {}) => {
  const operation = await edge.ams.instances.launch({ image_id: image, resources: small, ...body })
  return made(await operation.wait(), 'instances')
}

test('one record is one LXD instance, unprivileged with a map of its own, in the restricted project', async () => {
  const id = await launch({ name: 'first', tags: ['a', 'b'], user_data: '{"hello":"world"}' })
  const instance = await edge.ams.instances.get('first')
  assert.equal(instance.id, id)
  assert.equal(instance.status, 'running')
  assert.match(instance.address ?? '', /^\d+\.\d+\.\d+\.\d+$/)
  const [lxd, ...others] = await edge.lxd.instances.list()
  assert.deepEqual(others, [])
  assert.equal(lxd?.name, `ams-${id}`)
  assert.equal(lxd?.config['user.anbox.id'], id)
  assert.equal(lxd?.config['security.idmap.isolated'], 'true')
  assert.equal(lxd?.config['limits.memory'], `${small.memory}B`)
  assert.equal(lxd?.devices.root?.size, `${small.disk_size}B`)
  const project = await edge.lxd.projects.get(edge.project)
  assert.equal(project.config?.restricted, 'true')
  await assert.rejects(
    async () =>
      (
        await edge.lxd.instances.create({
          name: 'bad',
          source: { type: 'none' },
          config: { 'security.privileged': 'true' },
        })
      ).wait(),
    /[Pp]rivileged/,
  )
  assert.equal((await edge.ams.instances.run(id, ['cat', '/var/lib/anbox/userdata'])).stdout, '{"hello":"world"}')
})

test('lists are URLs or objects, filtered, in pages', async () => {
  await launch({ name: 'second', tags: ['b'], no_start: true })
  const names = async (filter: object) => (await edge.ams.instances.list(filter)).map(({ name }) => name)
  assert.deepEqual(await names({}), ['first', 'second'])
  assert.deepEqual(await names({ tags: ['a', 'b'] }), ['first'])
  assert.deepEqual(await names({ status: 'stopped' }), ['second'])
  assert.deepEqual(await names({ name: 'second', node: 'box', image_id: image, type: 'container' }), ['second'])
  assert.deepEqual(await names({ limit: 1, offset: 1 }), ['second'])
  assert.deepEqual(await names({ app_name: 'x' }), [])
  const { envelope } = await edge.ams.connection.request('GET', '/1.0/instances', { query: { limit: 1 } })
  assert.match(String((envelope?.metadata as string[] | undefined)?.[0]), /^\/1\.0\/instances\/[0-9a-v]{20}$/)
  assert.equal((envelope as { total_size?: number }).total_size, 2)
})

test('exec: output apart, input, exit code, environment, a terminal that is resized', async () => {
  const script = 'read x; echo "out $x $Y"; echo err >&2; exit 7'
  const done = await edge.ams.instances.run('first', ['sh', '-c', script], { stdin: 'in\n', environment: { Y: 'env' } })
  assert.deepEqual(done, { exitCode: 7, stdout: 'out in env\n', stderr: 'err\n' })
  const shell = await edge.ams.instances.execInteractive('first', {
    command: ['sh', '-c', 'read x; stty size; exit 3'],
    width: 100,
    height: 30,
  })
  shell.resize(120, 40)
  shell.terminal.write('\n')
  let seen = ''
  for await (const chunk of shell.terminal) seen += chunk
  assert.match(seen, /40 120/)
  assert.equal((await shell.done).exitCode, 3)
})

test('an exec whose client goes away is ended', async () => {
  const abort = new AbortController()
  const running = await edge.ams.instances.exec('first', { command: ['sleep', '4711'], signal: abort.signal })
  abort.abort()
  await running.done.catch(() => {})
  for (let tries = 0; ; tries += 1) {
    const { stdout } = await edge.ams.instances.run('first', ['sh', '-c', 'ps | grep -c "[s]leep 4711" || true'])
    if (stdout.trim() === '0') break
    assert.ok(tries < 50, 'the command still runs')
  }
})

test("a service's port reaches adbd in the guest, with real adb", async () => {
  const id = await launch({ services: [{ name: 'adb', port: 5559, protocols: ['tcp'] }] })
  const service = (await edge.ams.instances.get(id)).services?.[0]
  assert.ok(service?.node_port && service.node_port >= 10_000 && service.node_port <= 11_000)
  const server = String(await freePort())
  const adb = async (...args: string[]) => (await promisify(execFile)('adb', ['-P', server, ...args])).stdout.trim()
  try {
    const device = `127.0.0.1:${service.node_port}`
    assert.match(await adb('connect', device), /connected to/)
    assert.equal(await adb('-s', device, 'shell', 'getprop', 'sys.boot_completed'), '1')
    await assert.rejects(adb('-s', device, 'shell', 'exit', '7'), { code: 7 })
  } finally {
    await adb('kill-server')
  }
  await (await edge.ams.instances.delete(id)).wait()
})

test('stop keeps the disk, start boots it again, delete removes it', async () => {
  await edge.ams.instances.run('first', ['sh', '-c', 'echo kept >/root-file'])
  await (await edge.ams.instances.stop('first')).wait()
  assert.equal((await edge.ams.instances.get('first')).status, 'stopped')
  await (await edge.ams.instances.start('first')).wait()
  assert.equal((await edge.ams.instances.run('first', ['cat', '/root-file'])).stdout, 'kept\n')
  await (await edge.ams.instances.delete('first')).wait()
  await assert.rejects(edge.ams.instances.get('first'), NotFoundError)
  const left = (await edge.lxd.instances.list()).map(({ config }) => config['user.anbox.id'])
  assert.deepEqual(left, [(await edge.ams.instances.get('second')).id])
})

test('one that is protected is not deleted, alone or with others', async () => {
  await (await edge.ams.instances.update('second', { config: { security: { delete_protected: true } } })).wait()
  await assert.rejects(edge.ams.instances.delete('second'), /protected/)
  await (await edge.ams.instances.update('second', { config: { security: { delete_protected: false } } })).wait()
  await (await edge.ams.instances.delete('second')).wait()
})

test('a guest that never boots ends in error at its deadline: log kept, resources free, disk kept', async () => {
  const before = await reserved()
  const operation = await edge.ams.instances.launch({
    image_id: image,
    name: 'never',
    resources: small,
    user_data: '{"standin":{"boot":"never"}}',
  })
  const during = await reserved()
  assert.equal(during.cpus, before.cpus + small.cpus)
  await assert.rejects(operation.wait(), (error: Error) => {
    assert.ok(error instanceof OperationFailedError)
    assert.match(error.message, /did not come up within 4 s/)
    return true
  })
  const failed = await edge.ams.instances.get('never')
  assert.equal(failed.status, 'error')
  assert.match(failed.error_message ?? '', /getprop sys\.boot_completed/)
  assert.ok(failed.stored_logs?.includes('android.log'))
  assert.deepEqual(await edge.ams.instances.logs.list('never'), failed.stored_logs)
  let log = ''
  for await (const chunk of await edge.ams.instances.logs.get('never', 'android.log')) log += chunk
  assert.match(log, /init/)
  assert.deepEqual(await reserved(), { ...before, disk: before.disk + small.disk_size })
  const kept = await edge.lxd.instances.get(`ams-${failed.id}`)
  assert.equal(kept.status, 'Stopped')
  await assert.rejects(edge.ams.instances.logs.get('never', 'nothing.log'), NotFoundError)
  await (await edge.ams.instances.delete('never')).wait()
})

test('a guest that crashes while booting ends in error at once', async () => {
  const operation = await edge.ams.instances.launch({
    image_id: image,
    name: 'crash',
    resources: small,
    user_data: '{"standin":{"boot":"crash"}}',
  })
  await assert.rejects(operation.wait(), /stopped while booting/)
  assert.equal((await edge.ams.instances.get('crash')).status, 'error')
  await (await edge.ams.instances.delete('crash')).wait()
})

test('a cancelled launch leaves nothing', async () => {
  const operation = await edge.ams.instances.launch({
    image_id: image,
    name: 'cancelled',
    resources: small,
    user_data: '{"standin":{"boot":"never"}}',
  })
  await operation.cancel()
  await assert.rejects(operation.wait())
  assert.deepEqual(await edge.ams.instances.list({ name: 'cancelled' }), [])
  assert.deepEqual(await edge.lxd.instances.list(), [])
})

test('a guest stopped behind the agent is noticed, and so is one that was removed', async () => {
  const id = await launch()
  await (await edge.lxd.instances.setState(`ams-${id}`, { action: 'stop', force: true, timeout: -1 })).wait()
  await until(async () => (await edge.ams.instances.get(id)).status === 'error')
  await (await edge.lxd.instances.delete(`ams-${id}`)).wait()
  await (await edge.ams.instances.delete(id)).wait()
  assert.deepEqual(await edge.ams.instances.list(), [])
})

test('events tell the whole way, in order', async () => {
  const seen: string[] = []
  const listening = new AbortController()
  const events = edge.ams.events({ types: ['lifecycle'], signal: listening.signal })
  const reading = (async () => {
    for await (const event of events)
      if (event.type === 'lifecycle') seen.push((event.metadata as { action: string }).action)
  })().catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 200))
  const id = await launch()
  await (await edge.ams.instances.delete(id)).wait()
  await until(async () => seen.includes('instance-removed'))
  listening.abort()
  await reading
  assert.deepEqual(seen, [
    'instance-created',
    'instance-scheduled',
    'instance-started',
    'instance-running',
    'instance-removed',
  ])
})
