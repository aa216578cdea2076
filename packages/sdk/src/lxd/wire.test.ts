// Each method of the LXD client: what it asks, what it makes of the answer, and how it fails.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { failures, type Subject, tryFailure } from '../../test/methods/failures.ts'
import { lxdElsewhere, lxdRows } from '../../test/methods/lxd.ts'
import { methodsWithoutRow, onTheWire } from '../../test/methods/wire.ts'
import type { LocalServer } from '../../test/server.ts'
import { LxdClient } from './client.ts'

const test = suite('LXD: every method', { timeout: 90_000 })
const connect = ({ socketPath }: LocalServer) => new LxdClient({ socketPath, retries: 0 })
const subject: Subject<LxdClient> = { rows: lxdRows, connect }

test('each method on the wire', async () => {
  for (const row of lxdRows) await onTheWire(row, connect)
})

/** They make no request by themselves. */
const silent = [
  ...['close', 'project', 'target'],
  ...['networks.forwards', 'networks.peers', 'networkZones.records', 'storagePools.volumes'],
  ...['instances.snapshots', 'instances.backups', 'instances.metadata'],
]

test('every method has a row, or a test of its own', () => {
  const client = new LxdClient({ socketPath: '/nowhere' })
  const known = [...silent, ...Object.keys(lxdElsewhere)]
  assert.deepEqual(methodsWithoutRow(client, lxdRows as never, known), [])
  const volumes = client.storagePools.volumes('p')
  for (const [name, thing] of Object.entries({
    'networks.forwards()': client.networks.forwards('n'),
    'networks.peers()': client.networks.peers('n'),
    'networkZones.records()': client.networkZones.records('z'),
    'storagePools.volumes()': volumes,
    'storagePools.volumes().snapshots()': volumes.snapshots('v'),
    'storagePools.volumes().backups()': volumes.backups('v'),
    'instances.snapshots()': client.instances.snapshots('i'),
    'instances.backups()': client.instances.backups('i'),
    'instances.metadata()': client.instances.metadata('i'),
  })) {
    const rows = lxdRows.filter((row) => row.name.startsWith(`${name}.`))
    const own = rows.map((row) => ({ ...row, name: row.name.slice(name.length + 1) }))
    assert.deepEqual(methodsWithoutRow(thing, own as never, ['snapshots', 'backups']), [], name)
  }
})

test('project and target ride on every request, and on those of clients made of clients', async () => {
  const [row] = lxdRows.filter(({ name }) => name === 'resources.get')
  assert.ok(row)
  const scoped = (server: LocalServer) => connect(server).project('p').target('m')
  await onTheWire({ ...row, query: { project: 'p', target: 'm' } }, scoped)
})

for (const failure of failures)
  test(`${failure.name}: every method ends as it should`, () => tryFailure(subject, failure))
