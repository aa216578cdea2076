// The harness is what every other test trusts, so its promises are checked on real files and processes.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from './index.ts'

const test = suite('harness', { timeout: 30_000 })
const harness = join(import.meta.dirname, 'index.ts')
const runner = join(import.meta.dirname, 'run.ts')

function run(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'harness-test-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(root, name), `import { suite } from ${JSON.stringify(harness)}\n${text}`)
    }
    writeFileSync(
      join(root, 'main.ts'),
      `import { runFiles } from ${JSON.stringify(runner)}
       const { passed, failed } = await runFiles({ root: ${JSON.stringify(root)}, patterns: ['*.test.ts'] })
       console.log(\`\${passed} passed, \${failed} failed\`)`,
    )
    const { stdout } = spawnSync(process.execPath, [join(root, 'main.ts')], { encoding: 'utf8' })
    return stdout.trim().split('\n').at(-1)?.trim()
  } finally {
    rmSync(root, { recursive: true })
  }
}

test('counts what passed and what failed', () => {
  const text = `const t = suite('s'); t('a', () => {}); t('b', () => { throw new Error('no') }); t('c', () => {})`
  assert.equal(run({ 'a.test.ts': text }), '2 passed, 1 failed')
})

test('a suite that registers no test fails', () => {
  assert.equal(run({ 'a.test.ts': `suite('nothing')`, 'b.test.ts': `suite('s')('a', () => {})` }), '1 passed, 1 failed')
})

test('a file without a suite fails, and so does no file at all', () => {
  assert.equal(run({ 'a.test.ts': 'void suite' }), '0 passed, 1 failed')
  assert.equal(run({}), '0 passed, 1 failed')
})

test('a test that never ends is ended by its time-out', () => {
  const text = `suite('s')('hangs', { timeout: 50 }, () => new Promise(() => {}))`
  assert.equal(run({ 'a.test.ts': text }), '0 passed, 1 failed')
})

test('a hook that throws and a process that dies both fail', () => {
  const hook = `const t = suite('s'); t.before(() => { throw new Error('no') }); t('a', () => {})`
  const dies = `suite('s')('dies', () => process.kill(process.pid, 'SIGKILL'))`
  assert.equal(run({ 'a.test.ts': hook, 'b.test.ts': dies }), '0 passed, 2 failed')
})

test('works with top-level await in the file', () => {
  const text = `await new Promise((r) => setTimeout(r, 50)); suite('s')('a', () => {})`
  assert.equal(run({ 'a.test.ts': text }), '1 passed, 0 failed')
})

test('the file under test runs by itself', () => {
  const root = mkdtempSync(join(tmpdir(), 'harness-test-'))
  writeFileSync(join(root, 'a.test.ts'), `import { suite } from ${JSON.stringify(harness)}\nsuite('s')('a', () => {})`)
  execFileSync(process.execPath, [join(root, 'a.test.ts')])
  rmSync(root, { recursive: true })
})
