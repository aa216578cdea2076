// The page, from its first command to its last, against a server on a free port.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { attempt } from '../../scripts/command.ts'
import { freePort } from '../../test/live/edge.ts'
import { type Block, readPage, root } from '../page.ts'

const test = suite('documentation: enrol a machine', { timeout: 120_000 })
const file = 'docs/how-to/enrol-a-machine.md'
const checkout = mkdtempSync(join(tmpdir(), 'docs-enrol-'))
test.after(() => rmSync(checkout, { recursive: true }))

test('what it says works', async () => {
  for (const name of readdirSync(root))
    if (!['.anbox', '.git', '.test'].includes(name)) symlinkSync(join(root, name), join(checkout, name))
  const port = String(await freePort())
  const here = (text: string) => text.replaceAll('8443', port)
  const { blocks } = readPage(file)
  for (const { mark, text } of blocks)
    if (mark.startsWith('file: ')) writeFileSync(join(checkout, mark.slice(6)), here(text))
  const commands = blocks.filter(({ mark }) => mark === 'run')
  assert.ok(commands.length >= 8)
  // One shell for all: later blocks use what earlier ones set. What it leaves in the background ends with it.
  const script = commands.map(({ line, text }) => `printf '\\n== ${line}\\n'\n${here(text)}`).join('\n')
  const shell = `exec 2>&1\ntrap '[ -z "\${server-}" ] || kill $server 2>/dev/null || true' EXIT\n${script}`
  const { code, stdout } = await attempt('timeout', ['100', 'sh', '-eu', '-c', shell], { cwd: checkout })
  const outputs = new Map(
    stdout.split(/^== /m).map((part) => [Number.parseInt(part, 10), part.replace(/^\d+\n/, '')] as const),
  )
  assert.equal(code, 0, `${file}:${[...outputs.keys()].at(-1)}\n${[...outputs.values()].at(-1)}`)
  let before: Block | undefined
  for (const block of blocks) {
    if (block.mark === 'run') before = block
    if (block.mark !== 'prints') continue
    const output = outputs.get(before?.line ?? 0) ?? ''
    for (const line of here(block.text).split('\n').filter(Boolean)) {
      const words = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      // Columns are as wide as their widest cell.
      const pattern = new RegExp(words.join('.*').replaceAll(/ +/g, ' +'))
      assert.match(output, pattern, `${file}:${block.line}`)
    }
  }
})
