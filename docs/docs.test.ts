// The documentation as a whole: its links lead somewhere, its index names every page, and no command is left untested.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { suite } from '@anbox/harness'
import { type Page, pages, readPage, root } from './page.ts'

const test = suite('documentation: pages')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const index = 'docs/README.md'
const targetOf = (page: Page, link: string) => normalize(join(dirname(page.file), link.replace(/#.*/, '')))

test('every link leads to a file, and to a heading where it names one', () => {
  for (const page of pages) {
    for (const link of page.links.filter((link) => !/^[a-z]+:/.test(link))) {
      const target = link.startsWith('#') ? page.file : targetOf(page, link)
      assert.ok(existsSync(join(root, target)), `${page.file}: nothing is at ${link}`)
      const [, heading] = link.split('#')
      if (heading && target.endsWith('.md'))
        assert.ok(readPage(target).anchors.includes(heading), `${page.file}: ${target} has no heading for ${link}`)
    }
  }
})

test('the index names every page of docs/', () => {
  const named = readPage(index).links.map((link) => targetOf(readPage(index), link))
  for (const { file } of pages)
    if (file.startsWith('docs/') && file !== index) assert.ok(named.includes(file), `${index} does not name ${file}`)
})

test('every block of commands says that it is run, or why not', () => {
  for (const { file, blocks } of pages) {
    if (file.startsWith('packages/') && file !== 'packages/edge-agent/README.md') continue
    for (const { language, mark, line } of blocks)
      if (language === 'sh') assert.match(mark, /^(run|not run: .+)$/, `${file}:${line} has no mark`)
  }
})

test('every package has a README', () => {
  for (const name of ['edge-agent', 'lxd-api-types', 'pki', 'sdk'])
    assert.ok(existsSync(join(root, 'packages', name, 'README.md')), name)
})

test("what the agent is said to say of a failed instance is in the agent's source", () => {
  const [block = ''] =
    /^\| `error_message`[\s\S]*?\n\n/m.exec(read('docs/how-to/find-out-why-an-instance-failed.md')) ?? []
  const messages = block
    .split('\n')
    .slice(2)
    .flatMap((row) => row.split('|')[1]?.trim() || [])
  const source = globSync('packages/edge-agent/src/host/*.ts', { cwd: root }).map(read).join()
  assert.ok(messages.length >= 6)
  for (const message of messages)
    for (const part of message.split(/: …|…/)) assert.ok(source.includes(part.trim()), `nowhere in the agent: ${part}`)
})
