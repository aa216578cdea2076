// The store as its callers meet it, on the real file.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import {
  InvalidRequestError,
  SecretConflictError,
  SecretMissingError,
  SecretRefusedError,
  SecretsDamagedError,
} from '../errors.ts'
import { openSecretStore, type SecretStore } from './store.ts'

const test = suite('secrets', { timeout: 30_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-secrets-'))
test.after(() => rmSync(base, { recursive: true }))
let count = 0

async function fresh(): Promise<SecretStore & { directory: string; key: string }> {
  count += 1
  const directory = join(base, `store-${count}`)
  const key = join(base, `key-${count}`, 'key')
  return Object.assign(await openSecretStore(directory, { key: { file: key } }), { directory, key })
}
const known = 'correct-horse-battery-staple'

test('a generated secret has the size and the alphabet that were asked for', async () => {
  using store = await fresh()
  store.create('coturn', 'turn', { generate: {} })
  assert.match(store.get('turn', { as: 'coturn' }).value.reveal(), /^[A-Za-z0-9_-]{86}$/)
  store.create('nats', 'token', { generate: { bytes: 32, format: 'hex' } })
  assert.match(store.get('token', { as: 'nats' }).value.reveal(), /^[0-9a-f]{64}$/)
  assert.throws(() => store.create('x', 'weak', { generate: { bytes: 8 } }), InvalidRequestError)
})

test('only the owner and who was granted it reads a secret, and only while the relation lasts', async () => {
  using store = await fresh()
  store.create('coturn', 'turn', { value: known })
  const reads = (as: string, relation?: string) => () => store.get('turn', { as, ...(relation ? { relation } : {}) })
  assert.equal(reads('coturn')().value.reveal(), known)
  assert.throws(reads('gateway'), SecretRefusedError)
  store.grant('turn', { to: 'gateway', relation: 'coturn:gateway' })
  store.grant('turn', { to: 'gateway', relation: 'other' })
  assert.equal(reads('gateway')().value.reveal(), known)
  assert.throws(reads('gateway', 'third'), SecretRefusedError)
  assert.throws(reads('agent'), SecretRefusedError)
  assert.deepEqual(store.endRelation('other'), ['turn'])
  assert.throws(reads('gateway', 'other'), SecretRefusedError)
  assert.equal(reads('gateway', 'coturn:gateway')().value.reveal(), known)
  store.revokeGrant('turn', { to: 'gateway' })
  assert.throws(reads('gateway'), SecretRefusedError)
  assert.throws(() => store.revokeGrant('turn', { to: 'gateway' }), SecretMissingError)
})

test('during a rotation the revision before stays good for the overlap, and no longer', async () => {
  using store = await fresh()
  store.create('coturn', 'turn', { generate: {} })
  const first = store.get('turn', { as: 'coturn' }).value.reveal()
  store.rotate('turn', { overlapSeconds: 1 })
  const during = store.get('turn', { as: 'coturn' })
  assert.equal(during.revision, 2)
  assert.notEqual(during.value.reveal(), first)
  assert.deepEqual(
    during.also.map(({ revision, value }) => [revision, value.reveal()]),
    [[1, first]],
  )
  await sleep(1100)
  assert.deepEqual(store.get('turn', { as: 'coturn' }).also, [])
  assert.deepEqual(store.describe('turn').overlapping, [])
})

test('an overlap can be ended before its time, the current revision cannot', async () => {
  using store = await fresh()
  store.create('coturn', 'turn', { generate: {} })
  store.rotate('turn', { overlapSeconds: 3600 })
  assert.throws(() => store.remove('turn', { revision: 2 }), InvalidRequestError)
  store.remove('turn', { revision: 1 })
  assert.deepEqual(store.get('turn', { as: 'coturn' }).also, [])
})

test('a second overlap does not give the oldest revision a longer life', async () => {
  using store = await fresh()
  store.create('coturn', 'turn', { generate: {} })
  store.rotate('turn', { overlapSeconds: 1 })
  store.rotate('turn', { overlapSeconds: 3600 })
  assert.equal(store.get('turn', { as: 'coturn' }).also.length, 2)
  await sleep(1100)
  assert.deepEqual(
    store.get('turn', { as: 'coturn' }).also.map(({ revision }) => revision),
    [2],
  )
})

test('a rotation that is repeated after a lost answer rotates once', async () => {
  using store = await fresh()
  store.create('gateway', 'root', { generate: {} })
  store.rotate('root', { ifRevision: 1 })
  assert.throws(() => store.rotate('root', { ifRevision: 1 }), SecretConflictError)
  assert.equal(store.describe('root').revision, 2)
})

test('a secret that has ended is refused until it is rotated, also when it is due', async () => {
  using store = await fresh()
  store.create('nats', 'token', { generate: {}, ttlSeconds: 1 })
  store.create('nats', 'given', { value: known, ttlSeconds: 1 })
  store.create('nats', 'endless', { generate: {} })
  await sleep(1100)
  assert.throws(() => store.get('token', { as: 'nats' }), SecretRefusedError)
  assert.equal(store.describe('token').state, 'ended')
  assert.deepEqual(store.rotateDue(0), ['token'])
  assert.equal(store.get('token', { as: 'nats' }).revision, 2)
  assert.throws(() => store.rotate('given'), InvalidRequestError)
  store.rotate('given', { value: 'another' })
  assert.equal(store.get('given', { as: 'nats' }).value.reveal(), 'another')
})

test('a name is taken once, and free again after removal', async () => {
  using store = await fresh()
  store.create('a', 'one', { value: known })
  assert.throws(() => store.create('b', 'one', { value: 'other' }), SecretConflictError)
  store.remove('one')
  assert.throws(() => store.get('one', { as: 'a' }), SecretMissingError)
  assert.throws(() => store.remove('one'), SecretMissingError)
  store.create('b', 'one', { value: 'other' })
  for (const name of ['', '../x', 'a b', 'x'.repeat(64)])
    assert.throws(() => store.create('a', name, { value: known }), InvalidRequestError)
})

test('no file holds a secret in clear, neither before nor after its removal, and all are closed to others', async () => {
  using store = await fresh()
  store.create('a', 'one', { value: known.repeat(500) })
  store.rotate('one', { value: known })
  const files = readdirSync(store.directory).map((name) => join(store.directory, name))
  assert.ok(files.length > 0)
  for (const path of [...files, store.key]) {
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.ok(!readFileSync(path).includes(known.slice(0, 12)))
  }
})

test('printing, joining and serialising show no secret', async () => {
  using store = await fresh()
  store.create('a', 'one', { value: known })
  const reading = store.get('one', { as: 'a' })
  const shown = [
    inspect(reading, { depth: 9, showHidden: true }),
    JSON.stringify(reading),
    `${reading.value}`,
    inspect(store, { depth: 9, showHidden: true }),
    JSON.stringify(store.list()),
    JSON.stringify({ ...reading.value }),
  ]
  for (const text of shown) assert.ok(!text.includes(known), text)
})

test('another key, a changed file and a swapped record are noticed', async () => {
  const store = await fresh()
  store.create('a', 'one', { value: known })
  store.create('a', 'two', { value: 'two' })
  store.close()
  const other = { key: { file: join(base, 'other', 'key') } }
  await assert.rejects(openSecretStore(store.directory, other), SecretsDamagedError)
  const database = new DatabaseSync(join(store.directory, 'secrets.db'))
  database.exec(`UPDATE sealed SET sealed = (SELECT sealed FROM sealed WHERE name = 'two') WHERE name = 'one'`)
  database.exec(`UPDATE sealed SET generation = generation + 1 WHERE name = 'two'`)
  database.close()
  using opened = await openSecretStore(store.directory, { key: { file: store.key } })
  assert.throws(() => opened.get('one', { as: 'a' }), SecretsDamagedError)
  assert.throws(() => opened.get('two', { as: 'a' }), SecretsDamagedError)
})

test('two processes that change the same secret both succeed', async () => {
  using store = await fresh()
  using second = await openSecretStore(store.directory, { key: { file: store.key } })
  store.create('a', 'one', { generate: {} })
  for (let round = 0; round < 20; round += 1) {
    store.grant('one', { to: `left-${round}`, relation: 'r' })
    second.grant('one', { to: `right-${round}`, relation: 'r' })
  }
  assert.equal(store.describe('one').grants.length, 40)
})

test('every change is told, and none of them tells a value', async () => {
  const changes: unknown[] = []
  using store = await openSecretStore(join(base, 'told'), {
    key: { file: join(base, 'told-key', 'key') },
    onChange: (change) => changes.push(change),
  })
  store.create('a', 'one', { value: known })
  store.grant('one', { to: 'b', relation: 'r' })
  store.rotate('one', { value: `${known}2` })
  store.revokeGrant('one', { to: 'b' })
  store.remove('one')
  assert.deepEqual(
    changes.map((change) => (change as { action: string }).action),
    ['secret.create', 'secret.grant', 'secret.rotate', 'secret.revoke-grant', 'secret.remove'],
  )
  assert.ok(!JSON.stringify(changes).includes(known))
})
