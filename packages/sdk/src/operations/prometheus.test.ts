// The parser against what another implementation writes: `prom-client`.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import fc from 'fast-check'
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client'
import { ServerError } from '../errors.ts'
import { parseMetrics } from './prometheus.ts'

const test = suite("Prometheus' text")
const runs = { numRuns: Number(process.env.ANBOX_TEST_CASES ?? 1_000) }

test('families with their type, their help and their samples', async () => {
  const registry = new Registry()
  const registers = [registry]
  new Counter({ name: 'started_total', help: 'with \\ and\nmore', labelNames: ['node'], registers }).inc(
    { node: 'a' },
    3,
  )
  new Histogram({ name: 'seconds', help: 'h', buckets: [0.1, 1], registers }).observe(0.5)
  new Summary({ name: 'size', help: 's', percentiles: [0.5], registers }).observe(7)
  const families = parseMetrics(await registry.metrics())
  assert.deepEqual([...families.keys()], ['started_total', 'seconds', 'size'])
  assert.deepEqual(families.get('started_total'), {
    name: 'started_total',
    type: 'counter',
    help: 'with \\ and\nmore',
    samples: [{ name: 'started_total', labels: { node: 'a' }, value: 3 }],
  })
  const values = (name: string) =>
    families.get(name)?.samples.map(({ name, labels, value }) => [name, labels.le ?? labels.quantile, value])
  assert.deepEqual(values('seconds'), [
    ['seconds_bucket', '0.1', 0],
    ['seconds_bucket', '1', 1],
    ['seconds_bucket', '+Inf', 1],
    ['seconds_sum', undefined, 0.5],
    ['seconds_count', undefined, 1],
  ])
  assert.deepEqual(values('size'), [
    ['size', '0.5', 7],
    ['size_sum', undefined, 7],
    ['size_count', undefined, 1],
  ])
})

test('any label and any value is read as it was set', async () => {
  const value = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Infinity, -Infinity, Number.NaN))
  const label = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('\\', '"', '\n', 'n', '}', '{', ',', '=', ' ') }),
  )
  await fc.assert(
    fc.asyncProperty(value, label, label, async (value, a, b) => {
      const registry = new Registry()
      new Gauge({ name: 'g', help: 'g', labelNames: ['a', 'b'], registers: [registry] }).set({ a, b }, value)
      const [sample] = parseMetrics(await registry.metrics()).get('g')?.samples ?? []
      // prom-client leaves the sign of zero away.
      assert.deepEqual(sample, { name: 'g', labels: { a, b }, value: value + 0 === 0 ? 0 : value })
    }),
    runs,
  )
})

test('comments, blank lines, timestamps, and samples that nothing was said about', () => {
  const families = parseMetrics(
    '# a comment\n\n# TYPE a wrong\na 1 1700000000000\r\nb{ x = "y" , } 2e3\nb_sum -.5\n# EOF\n',
  )
  assert.deepEqual(
    [...families.values()],
    [
      { name: 'a', type: 'untyped', help: '', samples: [{ name: 'a', labels: {}, value: 1, timestamp: 1.7e12 }] },
      { name: 'b', type: 'untyped', help: '', samples: [{ name: 'b', labels: { x: 'y' }, value: 2000 }] },
      { name: 'b_sum', type: 'untyped', help: '', samples: [{ name: 'b_sum', labels: {}, value: -0.5 }] },
    ],
  )
})

test('what is no sample is refused with its line', () => {
  for (const line of [
    '{"type":"error"}',
    'a',
    'a b',
    'a{x="y"',
    'a{x=y} 1',
    'a{x="y"z="w"} 1',
    'a 0x10',
    'a 1 2 3',
    '1a 1',
  ])
    assert.throws(
      () => parseMetrics(`ok 1\n${line}`),
      (error) => error instanceof ServerError && /^line 2 /.test(error.message),
      line,
    )
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseMetrics(text)
      } catch (error) {
        assert.ok(error instanceof ServerError)
      }
    }),
    runs,
  )
})
