// The page, from its first command to its last.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { attempt } from '../../scripts/command.ts'
import { readPage, root } from '../page.ts'

const test = suite('documentation: bootstrap a machine', { timeout: 120_000 })
const checkout = mkdtempSync(join(tmpdir(), 'docs-bootstrap-'))
test.after(() => rmSync(checkout, { recursive: true }))

test('what it says works', async () => {
  for (const name of readdirSync(root))
    if (!['.anbox', '.git', '.test'].includes(name)) symlinkSync(join(root, name), join(checkout, name))
  const { blocks } = readPage('docs/how-to/bootstrap-a-machine.md')
  let output = ''
  let ran = 0
  for (const { mark, text, line } of blocks) {
    if (mark.startsWith('file: ')) writeFileSync(join(checkout, mark.slice(6)), text)
    if (mark === 'run') {
      const { code, stdout } = await attempt('sh', ['-eu', '-c', `exec 2>&1\n${text}`], { cwd: checkout })
      assert.equal(code, 0, `line ${line}: ${stdout}`)
      output = stdout
      ran += 1
    }
    if (mark !== 'prints') continue
    for (const expected of text.split('\n').filter(Boolean)) {
      const words = expected.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      assert.match(output, new RegExp(words.join('.*')), `line ${line}`)
    }
  }
  assert.equal(ran, 4)
})
