// The page for users of the Go client names methods that there are, and has all of theirs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { AmsClient } from '@anbox/sdk'

const test = suite('documentation: migrating from the Go client')
const page = readFileSync(join(import.meta.dirname, 'migrating-from-the-go-client.md'), 'utf8')
const rows = page
  .slice(page.indexOf('## Service'))
  .split('\n')
  .filter((line) => line.startsWith('| `') || line.startsWith('| –'))
  .map((line) => line.split('|').slice(1, 3) as [string, string])
const ours = rows.flatMap(([, here]) => [...here.matchAll(/`(ams\.[\w.]+)\(/g)].map(([, name = '']) => name))

test('every method that it names is one of the client', async () => {
  await using ams = new AmsClient({ socketPath: '/nowhere' })
  assert.ok(ours.length > 80)
  for (const name of ours) {
    const found = name
      .split('.')
      .slice(1)
      .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], ams)
    assert.equal(typeof found, 'function', name)
  }
})

test('every method of the Go client stands in one row, and each row says what to use', () => {
  const theirs = rows.flatMap(([go]) => [...go.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
  assert.equal(theirs.length, new Set(theirs).size)
  // All that make a request, those of its lower half too.
  assert.equal(theirs.length, 93)
  for (const [go, here] of rows) assert.match(here, /`(ams\.[\w.]+|new AmsClient)\(/, go)
})
