import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import fc from 'fast-check'
import { InvalidRequestError } from '../errors.ts'
import { formatAmount, parseAmount, withAmounts } from './amounts.ts'

const test = suite('amounts')
const runs = { numRuns: Number(process.env.ANBOX_TEST_CASES ?? 5_000) }
const bytes = fc.maxSafeNat()

test('as people write them: GB is 2^30 bytes, as AMS counts', () => {
  const amounts: [number | string, number][] = [
    ['3GB', 3 * 2 ** 30],
    ['3GiB', 3 * 2 ** 30],
    ['512MiB', 512 * 2 ** 20],
    ['512MB', 512 * 2 ** 20],
    ['1kB', 1024],
    ['1KiB', 1024],
    ['2TB', 2 * 2 ** 40],
    ['7B', 7],
    ['1048576', 1048576],
    ['0', 0],
    [0, 0],
    [4096, 4096],
  ]
  for (const [amount, expected] of amounts) assert.equal(parseAmount(amount), expected, String(amount))
  assert.deepEqual([3 * 2 ** 30, 1536 * 2 ** 20, 1025, 0].map(formatAmount), ['3GB', '1536MB', '1025B', '0B'])
})

test('what is written is read again as it was', () => {
  fc.assert(
    fc.property(bytes, (amount) => {
      assert.equal(parseAmount(formatAmount(amount)), amount)
      assert.equal(parseAmount(String(amount)), amount)
    }),
    runs,
  )
})

test('what is written is what AMS itself accepts, in the largest unit that holds it whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1023 }), fc.integer({ min: 0, max: 4 }), (count, power) => {
      const text = formatAmount(count * 1024 ** power)
      assert.match(text, /^[0-9]+(B|kB|MB|GB|TB|PB|EB)$/)
      assert.equal(text, `${count}${['B', 'kB', 'MB', 'GB', 'TB'][power]}`)
    }),
    runs,
  )
})

test('anything else is refused', () => {
  const junk = ['', ' ', '3 GB', '1.5GB', '-1', '+1', '1e3', '0x10', '3gb', '3KB', '3Gb', 'GB', '٣GB', '9PB9', '9EB']
  for (const amount of [...junk, -1, 1.5, Number.NaN, Infinity, 2 ** 53]) {
    assert.throws(() => parseAmount(amount), InvalidRequestError, String(amount))
    assert.throws(() => formatAmount(amount), InvalidRequestError, String(amount))
  }
  const accepted = /^[0-9]{1,20}([kMGTPE]?B|[KMGTPE]iB)?$/
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{1,3}[A-Za-z .]{1,3}$/)), (text) => {
      fc.pre(!accepted.test(text))
      assert.throws(() => parseAmount(text), InvalidRequestError)
    }),
    runs,
  )
  for (const other of [null, undefined, {}, [1], true, 1n << 60n])
    assert.throws(() => parseAmount(other as never), InvalidRequestError)
})

test('in a request only what is given is converted', () => {
  const body = { memory: '3GB', disk_size: null, cpus: 2 } as { memory?: unknown; disk_size?: unknown; cpus: number }
  assert.deepEqual(withAmounts(body, ['memory', 'disk_size'], parseAmount), { ...body, memory: 3 * 2 ** 30 })
  assert.deepEqual(withAmounts({ memory: '' }, ['memory'], formatAmount), { memory: '' })
  assert.deepEqual(withAmounts({} as { memory?: string }, ['memory'], formatAmount), {})
})
