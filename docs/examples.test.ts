// Every TypeScript example compiles as a reader's would: strictly, against the packages' public entries.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { attempt } from '../scripts/command.ts'
import { pages, root } from './page.ts'

const test = suite('documentation: examples', { timeout: 60_000 })
const folder = mkdtempSync(join(tmpdir(), 'examples-'))
test.after(() => rmSync(folder, { recursive: true }))

test('compile', async () => {
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  for (const scope of ['@anbox', '@lxd', '@types']) symlinkSync(join(root, 'node_modules', scope), join(modules, scope))
  // A name that leads back to the block; `export {}` makes a module of what imports nothing.
  for (const { file, blocks } of pages)
    for (const { language, text, line } of blocks)
      if (language === 'ts')
        writeFileSync(join(folder, `${file.replace(/\W/g, '_')}_${line}.ts`), `${text}\nexport {}\n`)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: join(root, 'tsconfig.base.json'), include: ['*.ts'] }),
  )
  const { stdout } = await attempt('tsc', ['-p', '.'], { cwd: folder })
  // What is wrong in the packages themselves is for the check of types to say.
  assert.deepEqual(stdout.match(/^\w+\.ts\(.*/gm) ?? [], [])
})
