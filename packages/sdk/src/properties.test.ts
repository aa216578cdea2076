// What has to hold for every text that a server, a file or a person may give: more than 50,000 cases a run, and more with
// ANBOX_TEST_CASES. A failure prints its seed.
import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import * as fc from 'fast-check'
import { path, withQuery } from './connection/path.ts'
import { redacted, secretsIn } from './connection/redact.ts'
import { InvalidRequestError, ServerError } from './errors.ts'
import { decodeControl, encodeControl } from './gateway/control.ts'
import {
  decodeInstanceSignal,
  decodeViewerSignal,
  encodeSignal,
  type InstanceSignal,
  type ViewerSignal,
} from './gateway/signal.ts'
import { isPath, readProducts } from './lxd/stream-images.ts'
import { later, merge, type OperationState, parseState } from './operations/state.ts'

const test = suite('properties', { timeout: 120_000 })
const numRuns = Number(process.env.ANBOX_TEST_CASES ?? 5_000)
const check = <T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>) => fc.assert(property, { numRuns })
/** Any text: surrogates, controls, quotes and all. */
const anything = fc.string({ unit: 'binary' })

test('a name in a path is one segment, and comes back as it went in', () => {
  check(
    fc.property(anything, (name) => {
      let made: string
      try {
        made = path`/1.0/instances/${name}/state`
      } catch (error) {
        assert.ok(error instanceof InvalidRequestError || error instanceof URIError)
        return
      }
      const url = new URL(made, 'http://localhost')
      const segments = url.pathname.split('/')
      assert.equal(segments.length, 5)
      assert.equal(decodeURIComponent(segments[3] ?? ''), name)
      assert.equal(url.search + url.hash, '')
    }),
  )
})

test('a query comes back as it went in, whatever is in it', () => {
  check(
    fc.property(fc.dictionary(fc.string(), fc.option(fc.string(), { nil: undefined })), (query) => {
      const url = new URL(withQuery('/1.0', query), 'http://localhost')
      const wanted = Object.entries(query).filter(([, value]) => value !== undefined)
      assert.deepEqual([...url.searchParams].sort(), wanted.sort())
    }),
  )
})

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 6,
})
test('a token or secret that a server repeats is not in the error, whatever it looks like', () => {
  const sent = fc.oneof(
    visible.map((secret) => ({ secret, request: { headers: { authorization: `Bearer ${secret}` } } })),
    visible.map((secret) => ({ secret, request: { headers: { authorization: `macaroon root=${secret}` } } })),
    visible.map((secret) => ({ secret, request: { query: { secret } } })),
  )
  check(
    fc.property(sent, fc.string(), ({ secret, request }, words) => {
      const said = `${words}${secret}${words}`
      const error = redacted(new ServerError(said, { server: said }), secretsIn(request)) as ServerError
      // What the server said besides may hold it too, or make it up of what is left.
      if (words.includes(secret) || secret.includes('…')) return
      assert.ok(!error.message.includes(secret) && !error.server?.includes(secret), JSON.stringify(error.message))
    }),
  )
})

const word = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string().map((text) => `\ufeff${text}`),
)
const signals: fc.Arbitrary<ViewerSignal | InstanceSignal> = fc.oneof(
  fc.constant({ type: 'discover' } as const),
  fc.record({ type: fc.constantFrom('offer' as const), sdp: word }),
  fc.record({ type: fc.constantFrom('answer' as const), sdp: word }),
  fc.record({
    type: fc.constant('candidate' as const),
    candidate: word,
    sdpMid: fc.option(word),
    sdpMLineIndex: fc.option(fc.nat()),
  }),
  fc.record({ type: fc.constant('error' as const), message: word }),
  fc.record({
    type: fc.constant('settings' as const),
    api_version: fc.nat(),
    data_channels: fc.array(word),
    enable_speaker: fc.boolean(),
    enable_microphone: fc.boolean(),
    enable_video: fc.boolean(),
    enable_camera: fc.boolean(),
  }),
  fc.record(
    {
      type: fc.constant('resp:discover' as const),
      max_api_version: fc.nat(),
      fps: fc.nat(),
      capabilities: fc.array(word),
    },
    { requiredKeys: ['type', 'max_api_version'] },
  ),
)

test('a signal comes back as it went in', () => {
  const ofViewer = ['discover', 'answer', 'settings']
  check(
    fc.property(signals, (signal) => {
      const decode = ofViewer.includes(signal.type) ? decodeViewerSignal : decodeInstanceSignal
      assert.deepEqual(decode(encodeSignal(signal)), { ...signal })
    }),
  )
})

test('whatever comes over a signalling socket is a signal, or unknown and whole', () => {
  const odd = fc.oneof(
    anything,
    fc.json(),
    fc.json().map((text) => `{"type":"offer","sdp":${text}}`),
  )
  check(
    fc.property(odd, (raw) => {
      for (const decode of [decodeInstanceSignal, decodeViewerSignal]) {
        const signal = decode(raw)
        if (signal.type === 'unknown') assert.equal(signal.raw, raw)
        else assert.ok(JSON.parse(raw).type === signal.type)
      }
    }),
  )
})

test('control messages are read or are none; what is sent can be read', () => {
  check(
    fc.property(fc.oneof(anything, fc.json()), (raw) => {
      const message = decodeControl(raw)
      if (message) assert.equal(JSON.parse(raw).type, message.type)
    }),
  )
  check(
    fc.property(fc.nat(), fc.boolean(), (code, pressed) => {
      const message = decodeControl(encodeControl('input::key', { code, pressed }))
      assert.deepEqual(message, { type: 'input::key', data: { code, pressed } })
    }),
  )
})

const time = fc
  .tuple(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), fc.nat(999_999))
  .map(
    ([date, nanoseconds]) =>
      `${date.toISOString().slice(0, -1)}${String(nanoseconds).padStart(6, '0').replace(/0+$/, '')}Z`,
  )
const states: fc.Arbitrary<OperationState> = fc.record({
  id: fc.constant('1'),
  status: fc.string(),
  status_code: fc.constantFrom(100, 101, 103, 104, 200, 400, 401),
  updated_at: time,
})

test('reports about an operation, in any order: a final state sticks, and time never runs back', () => {
  check(
    fc.property(fc.array(states, { minLength: 1 }), (reports) => {
      const [first, ...rest] = reports
      assert.ok(first)
      const final = reports.find(({ status_code }) => status_code >= 200)
      let known = first
      for (const report of rest) {
        const before = known
        known = merge(known, report)
        if (before.status_code >= 200) assert.equal(known, before)
        else if (known.status_code < 200) assert.ok(!later(before.updated_at, known.updated_at))
      }
      if (final) assert.equal(known, final)
    }),
  )
})

test('of two times one is later, or neither', () => {
  check(
    fc.property(time, time, (a, b) => {
      assert.ok(!(later(a, b) && later(b, a)))
      assert.ok(!later(a, a))
    }),
  )
})

test('what a server says of an operation is read, or is none', () => {
  check(fc.property(fc.anything(), (value) => void parseState(value)))
})

const segment = fc.constantFrom(
  '..',
  '.',
  '',
  'streams',
  'v1',
  '%2e%2e',
  '..%2f',
  'a:b',
  '~',
  '\\',
  '?x',
  '#y',
  'http:',
  '@host',
)
test('a path of an image server that is taken leads below its folder and nowhere else', () => {
  check(
    fc.property(
      fc.oneof(
        anything,
        fc.array(segment).map((all) => all.join('/')),
      ),
      (given) => {
        if (!isPath(given)) return
        const url = new URL(`https://images.example/folder/${given}`)
        assert.equal(url.href, `https://images.example/folder/${given}`)
      },
    ),
  )
})

const hash = fc.oneof(fc.constant('a'.repeat(64)), fc.string())
const item = fc.record(
  {
    ftype: fc.oneof(
      fc.constantFrom('lxd.tar.xz', 'squashfs', 'root.tar.xz', 'disk-kvm.img', 'lxd_combined.tar.gz'),
      fc.string(),
    ),
    path: fc.oneof(fc.constantFrom('a/b', '../a', '/etc'), fc.string()),
    sha256: hash,
    size: fc.oneof(fc.integer(), fc.string(), fc.double()),
    combined_squashfs_sha256: hash,
    'combined_disk-kvm-img_sha256': hash,
  },
  { requiredKeys: [] },
)
const some = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 5, arbitrary: fc.dictionary(fc.string(), arbitrary) }, { weight: 1, arbitrary: fc.anything() })
test('of a list of images, whatever is in it, only what can be fetched and verified is offered', () => {
  const product = fc.record({
    aliases: fc.anything(),
    arch: fc.string(),
    versions: some(fc.record({ items: some(item) })),
  })
  check(
    fc.property(some(product), (products) => {
      for (const image of readProducts({ format: 'products:1.0', products })) {
        assert.match(image.fingerprint, /^[0-9a-f]{64}$/)
        for (const { path, sha256, size } of image.files)
          assert.ok(isPath(path) && /^[0-9a-f]{64}$/.test(sha256) && Number.isSafeInteger(size) && size >= 0)
        assert.equal(
          image.size,
          image.files.reduce((sum, { size }) => sum + size, 0),
        )
      }
    }),
  )
})
