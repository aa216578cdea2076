// Every operation of the contract is called at a real agent over a real LXD, and every answer held against the contract:
// the right status, the right envelope, the right fields. The table of what came out is printed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite } from '@anbox/harness'
import { AmsClient } from '@anbox/sdk'
import { make } from '../../packages/sdk/test/certificates.ts'
import { Edge, guestFile, small } from '../live/edge.ts'
import { appApk, noting, tarBz2 } from '../live/package.ts'
import { type Answer, ask, type Body, complaint, idIn, operations } from './server.ts'

const test = suite('conformance to the AMS API', { timeout: 180_000 })
const octets = { 'content-type': 'application/octet-stream' }
/** Served with limits; the reasons stand in docs/reference/ams-api.md. */
const partial = new Set([
  'config_patch',
  'instances_post',
  'containers_post',
  'image_post_import',
  'node_patch',
  'identity_post',
])

let edge: Edge
const called = new Map<string, Set<number>>()

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 30 })
})
test.after(() => edge?.[Symbol.asyncDispose]())

/** Calls an operation by its id and holds the answer against the contract. */
async function call(
  id: string,
  names: Record<string, string> = {},
  { query = '', ...body }: Body & { query?: string } = {},
): Promise<Answer> {
  const operation = operations.find((one) => one.id === id)
  assert.ok(operation, `the contract has no ${id}`)
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(names[name] ?? 'nothing'),
  )
  const answer = await ask(edge.path('state/unix.socket'), operation.method, `${path}${query}`, body)
  assert.equal(complaint(operation, answer), '', `${id}: ${operation.method} ${path}${query} → ${answer.status}`)
  called.set(id, (called.get(id) ?? new Set()).add(answer.status))
  return answer
}

/** Waits for the operation that an answer names, through the API. */
async function done(answer: Answer): Promise<Answer> {
  assert.equal(answer.status, 202, answer.text)
  const waited = await call('operation_wait_get', { uuid: uuidOf(answer) }, { query: '?timeout=60' })
  const { status, err } = (waited.json?.metadata ?? {}) as { status?: string; err?: string }
  assert.equal(status, 'Success', err)
  return answer
}

const uuidOf = ({ json }: Answer) => json?.operation?.split('/').at(-1) ?? ''

/** Opens a socket of the contract, and lets it go. */
async function socket(
  id: string,
  names: Record<string, string> = {},
  query: Record<string, string> = {},
): Promise<void> {
  const path = operations.find((one) => one.id === id)?.path.replace('{uuid}', names.uuid ?? '') ?? ''
  await using ams = new AmsClient({ socketPath: edge.path('state/unix.socket') })
  const opened = await ams.connection.socket(path, { query })
  opened.terminate()
  called.set(id, (called.get(id) ?? new Set()).add(101))
}

const ok = async (answer: Promise<Answer>) => {
  const { status, text } = await answer
  assert.equal(status, 200, text)
}
const refused = async (status: number, answer: Promise<Answer>) => {
  const got = await answer
  assert.equal(got.status, status, got.text)
}

test('service, config, node, tasks, metrics', async () => {
  await ok(call('service_get'))
  await ok(call('version_get'))
  await ok(call('config_get'))
  await done(await call('config_patch', {}, { json: { name: 'application.auto_publish', value: 'true' } }))
  await refused(501, call('config_patch', {}, { json: { name: 'registry.url', value: 'x' } }))
  await ok(call('tasks_get'))
  await ok(call('metrics_get'))
  await ok(call('events_auth'))
  await ok(call('nodes_get'))
  await ok(call('nodes_get', {}, { query: '?recursion=1' }))
  await ok(call('node_get', { name: 'box' }))
  await done(await call('node_patch', { name: 'box' }, { json: { tags: ['here'], memory_allocation_rate: 2 } }))
  await refused(501, call('node_post', {}, { json: { name: 'other', address: '192.0.2.1' } }))
  await refused(501, call('node_delete', { name: 'box' }))
  await socket('events_get')
  await refused(400, call('events_get', {}, { query: '?type=nothing' }))
  await refused(401, call('operation_websocket_get'))
})

let image: string
test('images and addons', async () => {
  const headers = {
    ...octets,
    'x-ams-request': JSON.stringify({ name: 'standin', path: '', default: false, type: '' }),
  }
  image = idIn(await done(await call('image_post_import', {}, { bytes: readFileSync(guestFile()), headers })), 'images')
  await ok(call('images_get'))
  await ok(call('images_get', {}, { query: '?recursion=1' }))
  await ok(call('images_get', {}, { query: '?default=true' }))
  await ok(call('image_get', { id: image }, { query: '?type=' }))
  await done(await call('image_patch_upload', { id: image }, { json: { default: true, force_sync: null } }))
  await refused(409, call('image_patch_upload', { id: image }, { bytes: readFileSync(guestFile()), headers: octets }))
  await refused(501, call('image_post_import', {}, { json: { name: 'remote', path: 'jammy:android15:arm64' } }))
  await refused(409, call('image_version_delete', { id: image, version: '0' }))
  const next = readFileSync(edge.otherGuest(edge.directory))
  await done(await call('image_patch_upload', { id: image }, { bytes: next, headers: octets }))
  await done(await call('image_version_delete', { id: image, version: '1' }))
  const addon = tarBz2({ 'manifest.yaml': 'name: noter\n', 'hooks/pre-start': noting('x') })
  await done(
    await call('addons_post', {}, { bytes: addon, headers: { ...octets, 'x-ams-request': '{"name":"noter"}' } }),
  )
  await done(
    await call('addon_patch', { name: 'noter' }, { bytes: addon, headers: { ...octets, 'x-ams-request': '{}' } }),
  )
  await ok(call('addons_get'))
  await ok(call('addons_get', {}, { query: '?recursion=1' }))
  await ok(call('addon_get', { name: 'noter' }))
  await done(await call('addon_version_delete', { name: 'noter', version: '0' }))
})

test('applications', async () => {
  const manifest = 'name: app\nresources: {cpus: 1, memory: 128MB, disk-size: 256MB}\naddons: [noter]\n'
  const bytes = tarBz2({ 'manifest.yaml': manifest, 'app.apk': appApk('com.example.app') })
  // The header is there and empty: so the Go client sends it.
  const sent = { bytes, headers: { ...octets, 'x-ams-request': '' } }
  const id = idIn(await done(await call('application_post', {}, { ...sent, query: '?vm=false' })), 'applications')
  await ok(call('applications_get'))
  await ok(call('applications_get', {}, { query: '?recursion=1&name=ap*&published=true' }))
  await ok(call('application_get', { id }))
  await ok(call('application_manifest_get', { id }))
  await ok(call('application_version_manifest_get', { id, version: '0' }))
  await ok(call('application_version_get', { id, version: '0' }))
  await done(await call('application_version_patch', { id, version: '0' }, { json: { published: true } }))
  await done(await call('application_patch_upload', { id }, { json: { tags: ['a'] } }))
  await done(
    await call(
      'application_patch_upload',
      { id },
      { headers: { 'content-type': 'application/json', 'content-length': '0' } },
    ),
  )
  await done(await call('application_version_delete', { id, version: '0' }, { json: { force: true } }))
  await refused(409, call('addon_delete', { name: 'noter' }))
  await done(await call('applications_delete', {}, { json: { ids: [id], force: false } }))
  const again = idIn(await call('application_post', {}, sent), 'applications')
  await done(await call('application_delete', { id: again }, { json: { force: true } }))
  await done(await call('addon_delete', { name: 'noter' }))
})

test('instances and operations', async () => {
  const display = { width: 0, height: 0, fps: 0, density: 0 }
  const body = {
    // With all its zeros and nulls: so the Go client sends it.
    ...{
      name: 'one',
      app_id: '',
      image_id: image,
      node: '',
      user_data: null,
      addons: null,
      services: null,
      tags: null,
    },
    ...{
      resources: small,
      config: { platform: '', display, security: {} },
      no_start: false,
      source: { type: '', id: '' },
    },
  }
  const id = idIn(await done(await call('instances_post', {}, { json: body, query: '?no_wait=false' })), 'instances')
  await ok(call('instances_get'))
  await ok(call('instances_get', {}, { query: '?recursion=1&limit=1&offset=0&entitlements=1' }))
  await ok(call('instance_get', { id }))
  await ok(call('instance_logs_get', { id }))
  await refused(404, call('instance_logs_specific_get', { id, name: 'android.log' }))
  const crash = { image_id: image, resources: small, user_data: '{"standin":{"boot":"crash","seconds":0.1}}' }
  const crashed = await call('instances_post', {}, { json: crash })
  await call('operation_wait_get', { uuid: uuidOf(crashed) }, { query: '?timeout=60' })
  const failed = { id: idIn(crashed, 'instances') }
  await ok(call('instance_logs_specific_get', { ...failed, name: 'console.log' }))
  await ok(call('container_logs_specific_get', { ...failed, name: 'console.log' }))
  await done(await call('instances_delete', {}, { json: { ids: [failed.id], force: true } }))
  const exec = await call(
    'instance_exec_post',
    { id },
    { json: { command: ['true'], environment: null, interactive: false } },
  )
  assert.equal(exec.status, 202)
  const uuid = uuidOf(exec)
  await ok(call('operations_get'))
  await ok(call('operations_get', {}, { query: '?recursion=1' }))
  await ok(call('operation_get', { uuid }))
  const { metadata } = (exec.json?.metadata ?? {}) as { metadata?: { fds: Record<string, string> } }
  await socket('operation_websocket_get', { uuid }, { secret: metadata?.fds.control ?? '' })
  await refused(403, call('operation_websocket_get', { uuid }, { query: '?secret=wrong' }))
  assert.equal((await call('operation_delete', { uuid })).status, 202)
  await done(await call('instance_patch', { id }, { json: { desired_status: 'stopped', config: { security: {} } } }))
  const published = { json: { name: 'published', source: { type: 'instance', instance: id, force: false } } }
  const own = idIn(await done(await call('image_post_import', {}, published)), 'images')
  await done(await call('image_delete', { id: own }, { query: '?type=' }))
  for (const [name, names] of [
    ['instances_shares_post', { id }],
    ['instance_share_patch', { id, shareId: 'x' }],
    ['instance_share_delete', { id, shareId: 'x' }],
  ] as const)
    await refused(501, call(name, names, { json: { type: 'adb' } }))
  await done(await call('instance_delete', { id }))
  await refused(404, call('instances_delete', {}, { json: { ids: ['nothing'], force: false } }))
})

test('containers, the old name of instances', async () => {
  const { cpus, memory, disk_size } = small
  const json = { image_id: image, cpus, memory, disk_size, no_start: true }
  const id = idIn(await done(await call('containers_post', {}, { json })), 'containers')
  await ok(call('containers_get'))
  await ok(call('containers_get', {}, { query: '?recursion=1&type=regular' }))
  await ok(call('container_get', { id }))
  await ok(call('container_logs_get', { id }))
  await refused(404, call('container_logs_specific_get', { id, name: 'android.log' }))
  await refused(400, call('container_exec_post', { id }, { json: { command: ['true'] } }))
  await done(await call('container_patch', { id }, { json: { desired_status: 'running' } }))
  assert.equal((await call('container_exec_post', { id }, { json: { command: ['true'] } })).status, 202)
  await done(await call('container_delete', { id }, { json: { force: true } }))
  const other = idIn(await done(await call('containers_post', {}, { json })), 'containers')
  await done(await call('containers_delete', {}, { json: { ids: [other], force: true } }))
  await refused(404, call('containers_delete', {}, { json: { ids: ['nothing'] } }))
})

test('who may do what', async () => {
  const [one, two] = [make('one'), make('two')]
  const der = (pem: string) => pem.replaceAll(/-----.*?-----|\s/g, '')
  const added = await done(
    await call('certificates_post', {}, { json: { certificate: der(one.certificate), 'trust-password': '' } }),
  )
  const fingerprint = idIn(added, 'certificates')
  await ok(call('certificates_get'))
  await ok(call('certificates_get', {}, { query: '?recursion=1' }))
  await ok(call('certificate_get', { fingerprint }))
  await done(await call('certificate_delete', { fingerprint }))
  const identity = { authentication_method: 'tls', name: 'two', certificate: der(two.certificate) }
  const id = idIn(await done(await call('identity_post', {}, { json: identity })), 'identities')
  await refused(501, call('identity_post', {}, { json: { authentication_method: 'oidc', email: 'a@example.org' } }))
  await done(await call('auth_groups_post', {}, { json: { name: 'ops', description: 'operators' } }))
  await ok(call('identities_get', {}, { query: '?recursion=1' }))
  await ok(call('identity_get', { id }))
  await done(await call('identities_put', { id }, { json: { groups: ['ops'] } }))
  await ok(call('groups_get', {}, { query: '?recursion=1' }))
  await ok(call('auth_group_get', { name: 'ops' }))
  await done(
    await call(
      'group_put',
      { name: 'ops' },
      { json: { permissions: [{ entitlement: 'can_view', resource: 'server' }] } },
    ),
  )
  await ok(call('auth_permissions', {}, { query: '?recursion=1' }))
  await refused(409, call('groups_delete', { name: 'ops' }, { json: { force: false } }))
  await done(await call('identities_delete', { id }, { json: { force: false } }))
  await done(await call('groups_delete', { name: 'ops' }, { json: { force: false } }))
  await refused(501, call('oidc_get'))
})

test('the registry, which this machine has not', async () => {
  for (const id of [
    'registry_applications_get',
    'registry_applications_delete',
    'registry_applications_pull',
    'registry_applications_push',
  ])
    await refused(501, call(id))
})

test('every operation was called; what came out is the table', () => {
  const missing = operations.filter(({ id }) => !called.has(id)).map(({ id }) => id)
  assert.deepEqual(missing, [])
  const verdict = (id: string) => {
    const statuses = [...(called.get(id) ?? [])]
    if (statuses.every((status) => status === 501)) return 'refused'
    assert.ok(
      statuses.some((status) => status < 400),
      `${id} never succeeded: ${statuses}`,
    )
    return partial.has(id) ? 'partial' : 'full'
  }
  const counts: Record<string, number> = {}
  console.log()
  for (const { id, method, path } of operations) {
    counts[verdict(id)] = (counts[verdict(id)] ?? 0) + 1
    console.log(`  ${verdict(id).padEnd(8)} ${method.padEnd(6)} ${path}`)
  }
  console.log(
    `  ${operations.length} operations: ${Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ')}`,
  )
})
