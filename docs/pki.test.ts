// The pages on anbox-pki: what they say is typed, block by block, in an empty folder.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from '@anbox/harness'
import { attempt, systemEnvironment } from '../scripts/command.ts'
import { readPage, root } from './page.ts'

const test = suite('documentation: anbox-pki', { timeout: 180_000 })
const base = mkdtempSync(join(tmpdir(), 'docs-pki-'))
test.after(() => rmSync(base, { recursive: true }))
symlinkSync(join(root, 'packages/pki/src/cli.ts'), join(base, 'anbox-pki'))
const { PATH, ...rest } = systemEnvironment()
const env = { ...rest, PATH: [base, dirname(process.execPath), PATH].join(':') }

for (const file of ['docs/how-to/secure-nats-etcd-coturn-lxd.md', 'docs/how-to/rotate-the-root.md'])
  test(`${file}: what it says works`, async () => {
    const commands = readPage(file).blocks.filter(({ mark }) => mark === 'run')
    assert.ok(commands.length > 0)
    const script = commands.map(({ line, text }) => `echo '== ${line}'\n${text}`).join('\n')
    const cwd = mkdtempSync(join(base, 'page-'))
    const { code, stdout } = await attempt('sh', ['-eu', '-c', `exec 2>&1\n${script}`], { cwd, env })
    assert.equal(code, 0, `${file}:${stdout.split(/^== /m).at(-1)}`)
  })
