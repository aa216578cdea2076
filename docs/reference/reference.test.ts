// The pages of this folder say what the code says.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { suite } from '@anbox/harness'
import * as sdk from '@anbox/sdk'
import { errorForStatus } from '../../packages/sdk/src/errors.ts'
import { root } from '../page.ts'
import { generatedPages, generatePage } from './generated.ts'
import { lxdOperations } from './lxd-coverage.ts'

const test = suite('documentation: reference', { timeout: 30_000 })

for (const file of generatedPages)
  test(`${basename(file)} is what \`npm run generate\` makes now`, async () => {
    // Not assert.equal: a difference would print both pages.
    assert.ok(readFileSync(file, 'utf8') === (await generatePage(file)), `${file} is old: run npm run generate`)
  })

test('the README has the same numbers', () => {
  const [, all, served, partly] =
    /has (\d+) operations\. The agent serves (\d+) of them, (\d+) of these in part/.exec(
      readFileSync(join(import.meta.dirname, 'ams-api.md'), 'utf8'),
    ) ?? []
  assert.match(
    readFileSync(join(root, 'README.md'), 'utf8'),
    new RegExp(`${served} of its ${all} operations, \\[${partly} of them in part\\]`),
  )
})

test('the table of errors names every error class of the SDK, and no other; AnboxError is what they all are', () => {
  const classes = Object.entries(sdk).flatMap(([name, value]) =>
    typeof value === 'function' && value.prototype instanceof sdk.AnboxError ? [name] : [],
  )
  assert.deepEqual([...new Set(Object.values(sdk.codes).map(({ error }) => error))].sort(), classes.sort())
})

test('an HTTP status becomes the class and the code that the table says', () => {
  for (const [code, { error, statuses }] of Object.entries(sdk.codes))
    for (const status of statuses) {
      const made = errorForStatus(status, '', { method: 'GET', path: '/' })
      assert.deepEqual([made.name, made.code], [error, code], String(status))
    }
})

test("every operation of LXD's description has a method of the SDK", () => {
  const operations = lxdOperations()
  assert.ok(operations.length > 180, `${operations.length} operations`)
  assert.deepEqual(
    operations.filter(({ methods }) => methods.length === 0).map(({ method, path }) => `${method} ${path}`),
    [],
  )
})
