// What a refusal means depends on what the server says it can do.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { packageFile } from '../../test/methods/ams.ts'
import { bodyOf, fail, serve, sync } from '../../test/server.ts'
import { AnboxError, NotSupportedError } from '../errors.ts'
import { AmsClient } from './client.ts'

const test = suite('AMS features')
const folder = mkdtempSync(join(tmpdir(), 'sdk-features-'))
const zip = join(folder, 'package')
writeFileSync(zip, 'PK\x03\x04 and so on')
test.after(() => rmSync(folder, { recursive: true }))

/** Refuses everything; has instances, so that nothing falls back to containers. */
async function refusing(status: number, extensions: string[] = []) {
  const server = await serve({
    request: async (asked, answer) => {
      await bodyOf(asked)
      if (asked.url === '/1.0') sync(answer, { api_extensions: ['instance_support', ...extensions] })
      else fail(answer, status, 'no')
    },
  })
  return { server, ams: new AmsClient({ socketPath: server.socketPath, retries: 0 }) }
}

const gated: [string, (ams: AmsClient) => Promise<unknown>][] = [
  ['vm_support', (ams) => ams.instances.launch({ type: 'vm' })],
  ['vm_support', (ams) => ams.applications.create(packageFile, { vm: true })],
  ['vm_support', (ams) => ams.images.upload('x', packageFile, { type: 'vm' })],
  ['vm_support', (ams) => ams.images.import({ path: 'x', type: 'vm' })],
  ['zip_archive_support', (ams) => ams.applications.create(zip)],
  ['zip_archive_support', (ams) => ams.addons.add('x', zip)],
  ['application_image_export', (ams) => ams.applications.versions.export('x', 0)],
  ['application_manifest_download', (ams) => ams.applications.manifest('x')],
  ['application_manifest_download', (ams) => ams.applications.versions.manifest('x', 0)],
  ['application_partial_updates', (ams) => ams.applications.update('x', { features: ['y'] })],
  ['instance_exec', (ams) => ams.instances.run('x', ['true'])],
  ['instance_exec', (ams) => ams.instances.execInteractive('x', { command: ['sh'] })],
  ['container_exec', (ams) => ams.containers.run('x', ['true'])],
  ['container_logs', (ams) => ams.containers.logs.get('x', 'y')],
  ['container_logs', (ams) => ams.containers.logs.list('x')],
  ['bulk_delete.applications', (ams) => ams.applications.deleteMany(['x'])],
  ['bulk_delete.containers', (ams) => ams.containers.deleteMany(['x'])],
  ['bulk_delete.instances', (ams) => ams.instances.deleteMany(['x'])],
  ['instance_publish', (ams) => ams.instances.publish('x', 'y')],
  ['instance_publish', (ams) => ams.images.publish('x', 'y')],
  ['instance_share_support', (ams) => ams.instances.shares.create('x', { type: 'adb' })],
  ['instance_share_support', (ams) => ams.instances.shares.update('x', 'y', {})],
  ['instance_share_support', (ams) => ams.instances.shares.delete('x', 'y')],
  ['oidc_support', (ams) => ams.oidc.get()],
  ['auth.groups', (ams) => ams.groups.list()],
  ['auth.groups', (ams) => ams.groups.get('x')],
  ['auth.groups', (ams) => ams.groups.create({ name: 'x' })],
  ['auth.groups', (ams) => ams.groups.update('x', {})],
  ['auth.groups', (ams) => ams.groups.delete('x')],
  ['metrics_api_endpoint', (ams) => ams.metrics.get()],
  ['registry', (ams) => ams.registry.list()],
  ['registry', (ams) => ams.registry.push('x')],
  ['registry', (ams) => ams.registry.pull('x')],
  ['registry', (ams) => ams.registry.delete('x')],
]

test('a refusal by a server that lacks the feature names it', async () => {
  for (const status of [400, 404, 405, 501]) {
    const { server, ams } = await refusing(status)
    for (const [name, call] of gated)
      await assert.rejects(call(ams), (error) => {
        assert.ok(error instanceof NotSupportedError, `${name}: ${error}`)
        assert.ok(error.message.includes(`"${name}"`), error.message)
        assert.deepEqual([error.code, error.status, error.server], ['not-supported', status, 'no'])
        assert.ok(error.cause instanceof AnboxError && error.method && error.path)
        return true
      })
    await ams.close()
    await server[Symbol.asyncDispose]()
  }
})

test('a refusal by a server that has the feature, or that is about something else, stays what it is', async () => {
  const all = [...new Set(gated.map(([name]) => name))]
  for (const [status, extensions, name] of [
    [404, all, 'NotFoundError'],
    [401, [], 'UnauthorizedError'],
    [403, [], 'ForbiddenError'],
    [409, [], 'ConflictError'],
    [500, [], 'ServerError'],
  ] as const) {
    const { server, ams } = await refusing(status, [...extensions])
    for (const [, call] of gated) await assert.rejects(call(ams), { name, server: 'no' })
    await ams.close()
    await server[Symbol.asyncDispose]()
  }
})

test('what is not gated is not asked about', async () => {
  const { server, ams } = await refusing(404)
  await assert.rejects(ams.applications.create(packageFile), { name: 'NotFoundError' })
  await assert.rejects(ams.applications.update('x', { image: 'y' }), { name: 'NotFoundError' })
  await assert.rejects(ams.images.getDefault(), { name: 'NotFoundError' })
  assert.ok(!server.seen.includes('GET /1.0'))
  await ams.close()
  await server[Symbol.asyncDispose]()
})
