import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite } from '@anbox/harness'
import { instanceRecord } from './record.fixture.ts'
import { Store } from './store.ts'

const test = suite('store')
const within = (work: (directory: string) => void) => {
  const directory = mkdtempSync(join(tmpdir(), 'store-'))
  try {
    work(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('what was put is there after a restart, in the order of its making', () =>
  within((directory) => {
    const first = new Store(directory)
    for (const id of ['b', 'a']) first.instances.put(instanceRecord({ id }))
    first.instances.change('b', (record) => ({ ...record, status: 'running' }))
    first.close()
    const second = new Store(directory)
    assert.deepEqual(
      second.instances.list().map(({ id, status }) => [id, status]),
      [
        ['b', 'running'],
        ['a', 'created'],
      ],
    )
    second.close()
  }))

test('records that an older agent wrote get the fields that came since', () =>
  within((directory) => {
    new Store(directory).close()
    const database = new DatabaseSync(join(directory, 'agent.db'))
    const { base: _base, addons: _addons, config: _config, ...old } = instanceRecord({ id: 'old' })
    const config = { deleteProtected: true, disableWatchdog: false }
    const image = { id: 'i', name: 'x', versions: [{ version: 0, fingerprint: 'f', status: 'active' }] }
    const put = (table: string, document: { id: string }) =>
      database.prepare(`INSERT INTO ${table} (id, document) VALUES (?, ?)`).run(document.id, JSON.stringify(document))
    put('instances', { ...old, config } as never)
    put('images', image)
    database.close()
    const store = new Store(directory)
    const record = store.instances.get('old')
    assert.deepEqual(record?.addons, [])
    assert.equal(record?.base, false)
    assert.deepEqual(record?.config, {
      deleteProtected: true,
      disableWatchdog: false,
      devmode: false,
      features: '',
      platform: '',
    })
    assert.equal(store.images.get('i')?.nextVersion, 1)
    assert.equal(store.images.get('i')?.versions[0]?.holds, false)
    store.close()
  }))

test('two agents cannot have the same state', () =>
  within((directory) => {
    const store = new Store(directory)
    assert.throws(() => new Store(directory), /in use/)
    store.close()
  }))
