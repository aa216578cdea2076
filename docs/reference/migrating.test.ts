// The pages for users of other clients name methods that there are, and have all of theirs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { AmsClient, LxdClient } from '@anbox/sdk'

const test = suite('documentation: migrating')
const pages = [
  // All of the Go client's methods that make a request, those of its lower half too.
  { page: 'migrating-from-the-go-client.md', from: '## Service', client: AmsClient, name: 'ams', theirs: 93 },
  { page: 'migrating-from-pylxd.md', from: '## Client', client: LxdClient, name: 'lxd', theirs: 91 },
]

for (const { page, from, client: Client, name, theirs } of pages) {
  const text = readFileSync(join(import.meta.dirname, page), 'utf8')
  const rows = text
    .slice(text.indexOf(from))
    .split('\n')
    .filter((line) => line.startsWith('| `') || line.startsWith('| –'))
    .map((line) => line.split('|').slice(1, 3) as [string, string])

  test(`${page}: every method that it names is one of the client`, async () => {
    await using client = new Client({ socketPath: '/nowhere' })
    const calls = rows.flatMap(([, here]) => [...here.matchAll(new RegExp(`\`(${name}\\.[\\w.]+)\\(`, 'g'))])
    assert.ok(calls.length > 60)
    for (const [, method = ''] of calls) {
      const found = method
        .split('.')
        .slice(1)
        .reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], client)
      assert.equal(typeof found, 'function', method)
    }
  })

  test(`${page}: every method of the other client stands in one row, and each row says what to use`, () => {
    const names = rows.flatMap(([there]) => [...there.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one))
    // `exists` and the like belong to what stands before them.
    const whole = names.filter((one) => name === 'ams' || one.includes('.'))
    assert.equal(whole.length, new Set(whole).size)
    assert.equal(names.length, theirs)
    for (const [there, here] of rows)
      assert.match(here, new RegExp(`\`(${name}\\.[\\w.]+|new ${Client.name})\\(`), there)
  })
}
