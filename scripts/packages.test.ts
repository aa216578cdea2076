import assert from 'node:assert/strict'
import { suite } from '@anbox/harness'
import { ensurePackages } from './packages.ts'
import { asker } from './terminal.ts'

const test = suite('the machine’s packages', { timeout: 60_000 })
const never = () => Promise.reject(new Error('asked'))

test('that are there are neither named nor asked about', async () => {
  const lines: string[] = []
  const log = (line: string) => lines.push(line)
  const packages = [
    { name: 'bash', command: 'bash', why: 'x' },
    { name: 'dpkg', why: 'y' },
  ]
  await ensurePackages(packages, { ask: never, log })
  assert.deepEqual(lines, [])
})

test('that apt does not know end in the command to run and the reason', async () => {
  const lines: string[] = []
  const missing = { name: 'no-such-package-of-anbox', command: 'no-such-program', why: 'nobody has it' }
  await assert.rejects(
    ensurePackages([missing], { ask: asker(true), log: (line) => lines.push(line) }),
    /apt-get install --no-install-recommends no-such-package-of-anbox/,
  )
  assert.match(lines.join('\n'), /no-such-package-of-anbox \(nobody has it\)/)
})

test('are never asked about where nobody can answer', async () => {
  if (process.stdin.isTTY) return
  await assert.rejects(asker(false)('Install?', { command: 'sudo apt-get install x' }), /sudo apt-get install x.*--yes/)
})
