// Every command and example of the documentation, run.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from '@anbox/harness'

const test = suite('documentation', { timeout: 300_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-documentation-'))
test.after(() => rmSync(base, { recursive: true }))
symlinkSync(join(import.meta.dirname, 'cli.ts'), join(base, 'anbox-pki'))
const env = { ...process.env, PATH: `${base}:${dirname(process.execPath)}:${process.env.PATH}`, P12_PASSWORD: 'secret' }

function blocks(file: string, language: string): string[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, body]) => body ?? '')
}

const readme = join(import.meta.dirname, '../README.md')
const reference = join(import.meta.dirname, '../../../docs/reference/anbox-pki.md')

for (const [name, file] of Object.entries({ readme, reference })) {
  test(`the commands of the ${name} work, one after the other`, () => {
    const cwd = mkdtempSync(join(base, `${name}-`))
    const commands = blocks(file, 'console').flatMap((block) => block.match(/(?<=^\$ ).*/gm) ?? [])
    assert.ok(commands.length >= 4)
    for (const command of commands) {
      const { status, stderr } = spawnSync('sh', ['-c', command], { cwd, env, encoding: 'utf8' })
      assert.equal(status, 0, `${command}\n${stderr}`)
    }
  })
}

test('the example of the readme works', () => {
  const cwd = mkdtempSync(join(base, 'example-'))
  const index = JSON.stringify(join(import.meta.dirname, 'index.ts'))
  const [example = ''] = blocks(readme, 'ts')
  const script = example.replace("'@anbox/pki'", index)
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    cwd,
    encoding: 'utf8',
  })
  assert.equal(stdout.trim(), '{ ok: true }', stderr)
})

test('the reference has the exit codes of the command', () => {
  const { stdout } = spawnSync('anbox-pki', ['--help'], { env, encoding: 'utf8' })
  const codes = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, code]) => code)
  const ofCommand = codes(stdout, /^ {2}(\d) {2}/gm)
  assert.ok(ofCommand.length > 0)
  assert.deepEqual(codes(readFileSync(reference, 'utf8'), /^\| (\d) +\|/gm), ofCommand)
})
