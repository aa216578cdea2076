// uvu with the three things it lacks: a suite always runs (no `.run()` to forget), a suite without a test fails,
// and every test and hook has a time-out.
//
// A test file imports `suite` from here. `./run.ts` runs files, each in a process of its own (`./main.ts`); a file also
// runs by itself with `node file.test.ts`.
import { writeFileSync } from 'node:fs'

declare global {
  var UVU_DEFER: number | undefined
  var UVU_QUEUE: unknown[][]
}
// uvu looks at these when it is loaded: leave the start to us.
globalThis.UVU_DEFER = 1
globalThis.UVU_QUEUE = [[null]]
const uvu = await import('uvu')

export type Body = () => unknown | Promise<unknown>
export type TestOptions = {
  /** Milliseconds until the test fails; 10,000 unless said. */
  timeout?: number
}
export type Suite = {
  (name: string, body: Body): void
  (name: string, options: TestOptions, body: Body): void
  before(body: Body, options?: TestOptions): void
  after(body: Body, options?: TestOptions): void
  beforeEach(body: Body, options?: TestOptions): void
  afterEach(body: Body, options?: TestOptions): void
}

/** What one file did, for the runner. */
export type Count = { passed: number; failed: number; empty: string[]; suites: number }

const count: Count = { passed: 0, failed: 0, empty: [], suites: 0 }
const suites: { name: string; tests: number; run: () => void }[] = []
const only = process.env.TEST_NAME
/** Seconds from which a test is named with its time. */
const slow = 5

/** A named group of tests. It runs when its file has been loaded. */
export function suite(name: string, defaults: TestOptions = {}): Suite {
  const inner = uvu.suite(name)
  const entry = { name, tests: 0, run: () => inner.run() }
  suites.push(entry)

  const add = (title: string, ...rest: [Body] | [TestOptions, Body]) => {
    const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest
    entry.tests += 1
    if (only && !title.includes(only)) return
    inner(title, async () => {
      const started = performance.now()
      try {
        await limited(title, options.timeout ?? defaults.timeout, body)
        count.passed += 1
        const seconds = (performance.now() - started) / 1000
        if (seconds > slow) console.log(`\n  slow: "${title}" took ${seconds.toFixed(1)} s`)
      } catch (error) {
        count.failed += 1
        throw error
      }
    })
  }
  const hook =
    (register: (body: () => Promise<void>) => void, when: string) =>
    (body: Body, options: TestOptions = {}) =>
      // uvu swallows what a hook throws, and with it the suite's tests.
      register(() =>
        limited(`${name}: ${when}`, options.timeout ?? defaults.timeout, body).catch((error) => {
          count.failed += 1
          console.error(`hook "${when}" of suite "${name}" failed:`, error)
          throw error
        }),
      )

  return Object.assign(add, {
    before: hook((body) => inner.before(body), 'before'),
    after: hook((body) => inner.after(body), 'after'),
    beforeEach: hook((body) => inner.before.each(body), 'beforeEach'),
    afterEach: hook((body) => inner.after.each(body), 'afterEach'),
  }) as Suite
}

async function limited(title: string, timeout = 10_000, body: Body): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`time-out: "${title}" was not done after ${timeout} ms`)), timeout)
  })
  try {
    await Promise.race([(async () => body())(), late])
  } finally {
    clearTimeout(timer)
  }
}

let started = false
/** Runs what was registered. `main.ts` calls it once the file is loaded; a file run by itself gets there when it falls idle. */
export async function start(): Promise<void> {
  if (started) return
  started = true
  for (const entry of suites) if (entry.tests > 0) entry.run()
  await uvu.exec()
  count.suites = suites.length
  count.empty = suites.filter((entry) => entry.tests === 0).map((entry) => entry.name)
  for (const name of count.empty) console.error(`suite "${name}" registers no test`)
  if (count.failed > 0 || count.empty.length > 0 || suites.length === 0) process.exitCode = 1
  const report = process.env.HARNESS_REPORT
  if (report) writeFileSync(report, JSON.stringify(count))
  // A test that leaves a socket, a child or a timer would hang the run: name it and end.
  setTimeout(() => {
    console.error(`left open after the tests: ${process.getActiveResourcesInfo().join(', ')}`)
    process.exit(1)
  }, 5_000).unref()
}
process.once('beforeExit', start)
