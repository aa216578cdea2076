// The pages of this folder say what the code says.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { suite } from '@anbox/harness'
import * as sdk from '@anbox/sdk'
import { errorForStatus } from '../../packages/sdk/src/errors.ts'
import { root } from '../page.ts'
import { generatedPages, generatePage } from './generated.ts'

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

/** Without the blanks that make its columns even. */
const errors = readFileSync(join(import.meta.dirname, 'errors.md'), 'utf8').replace(/ +/g, ' ')
const rows = [...errors.matchAll(/^\| `([A-Z]\w+)` \|/gm)]

test('errors.md names every error class of the SDK, and no other', () => {
  const classes = Object.entries(sdk).flatMap(([name, value]) =>
    typeof value === 'function' && (value === sdk.AnboxError || value.prototype instanceof sdk.AnboxError)
      ? [name]
      : [],
  )
  assert.deepEqual(rows.map(([, name]) => name).sort(), classes.sort())
})

test('errors.md has every code with its meaning', () => {
  for (const [code, meaning] of Object.entries(sdk.codes))
    assert.ok(errors.includes(`| \`${code}\` | ${meaning} |`), `${code}: ${meaning}`)
})

test('errors.md says which class and code an HTTP status becomes', () => {
  const statuses = [...errors.matchAll(/^\| (\d{3}) \| `(\w+)` \| `([\w-]+)` \|/gm)]
  assert.ok(statuses.length >= 10)
  for (const [, status = '', name, code] of statuses) {
    const error = errorForStatus(Number(status), '', { method: 'GET', path: '/' })
    assert.deepEqual([error.name, error.code], [name, code], status)
  }
})
