import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { judge, markdown, median, type Result, ratio, rowsOf, table } from './table.ts'

const test = suite('the bench table')

const row = (fields: Partial<Result>): Result => ({
  name: 'get',
  title: 'GET /1.0',
  unit: 'ms',
  ours: 1,
  rivals: {},
  beaten: {},
  notes: [],
  reasons: {},
  ...fields,
})

test('a median is the middle value, whatever the order, and an outlier does not move it', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([1, 1, 1, 1, 1000]), 1)
  assert.equal(median([7]), 7)
  assert.throws(() => median([]), RangeError)
})

test('a ratio is ours over theirs, judged by two decimals', () => {
  assert.equal(ratio(1, 4), 0.25)
  assert.equal(ratio(1.004, 1), 1)
  assert.equal(ratio(1.006, 1), 1.01)
})

test('of times and memory less wins, of throughput more does', () => {
  const lost = (fields: Partial<Result>) => judge(row(fields)).lost
  assert.deepEqual(lost({ ours: 2, rivals: { lxc: 20, undici: 1 } }), ['undici'])
  assert.deepEqual(lost({ ours: 2, rivals: { lxc: 20, pylxd: 1 }, unit: 'MB/s' }), ['lxc'])
  assert.deepEqual(lost({ ours: 2, rivals: { lxc: 2.001 } }), [])
})

test('who has the better median, but not in most rounds, is even with us, and the table says so', () => {
  const close = row({ ours: 2, rivals: { lxc: 1.9, undici: 1.9 }, beaten: { lxc: 0.6, undici: 0.8 } })
  assert.deepEqual(judge(close), { lost: ['undici'], even: ['lxc'] })
  assert.match(table([close]), /✘ undici, ≈ lxc\n/)
  assert.match(table([close]), /≈ lxc: better in 60 % of the rounds/)
})

test('a lost row is marked and its reason is stated; others say nothing of it', () => {
  const text = table([
    row({ ours: 2, rivals: { lxc: 20, undici: 1 }, reasons: { undici: 'it checks less', lxc: 'never shown' } }),
    row({ name: 'list', title: 'List', ours: 1, rivals: { lxc: 20 }, notes: ['twenty of them'] }),
  ])
  assert.match(text, /GET \/1\.0, ms +2\.00 +20\.0 +0\.10 +– +1\.00 +2\.00 +✘ undici\n/)
  assert.match(text, /GET \/1\.0:\n {2}✘ undici: it checks less/)
  assert.match(text, /List, ms +1\.00 +20\.0 +0\.05[ –]+\n/)
  assert.match(text, /List:\n {2}twenty of them/)
  assert.doesNotMatch(text, /never shown/)
})

test('a loss without a stated reason says so', () => {
  assert.match(table([row({ ours: 2, rivals: { pylxd: 1 } })]), /✘ pylxd: no reason is known yet/)
})

test('the document has medians and ratios of the rivals that took part', () => {
  const [first] = rowsOf([
    row({ ours: 1.23456, rivals: { pylxd: 1 }, reasons: { pylxd: 'so it is' }, notes: ['A note.'] }),
  ])
  assert.deepEqual(first, {
    name: 'get',
    unit: 'ms',
    ours: 1.235,
    rivals: { pylxd: 1 },
    ratios: { pylxd: 1.23 },
    note: 'A note. ✘ pylxd: so it is.',
  })
})

test('Markdown has a row for each, with the ratio beside the value', () => {
  const lines = markdown([row({ ours: 2, rivals: { lxc: 20, undici: 1 } })]).split('\n')
  assert.equal(lines.at(-1), '| GET /1.0, ms | 2.00 | 20.0 (0.10) | – | 1.00 (2.00 ✘) |')
})
