// What cloud-init makes of user data, each file as it writes it.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { scrub } from './scrub.ts'

const test = suite('scrub', { timeout: 30_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-scrub-'))
test.after(() => rmSync(base, { recursive: true }))
const token = `anbox-join-${randomBytes(32).toString('base64url')}`

/** Puts a file there, scrubs, and gives its text after that. */
async function scrubbed(name: string, content: string | Buffer): Promise<string> {
  const path = join(base, name)
  writeFileSync(path, content)
  const found = await scrub(token, [path])
  assert.deepEqual(found, { scrubbed: [path], left: [] })
  assert.equal(statSync(path).size, Buffer.byteLength(content))
  return readFileSync(path, 'latin1')
}

test('the token goes and everything else stays, octet for octet', async () => {
  const text = await scrubbed('user-data', `#cloud-config\ncontent: |\n  ${token}\nafter: ${token}!\n`)
  assert.equal(text, `#cloud-config\ncontent: |\n  ${'x'.repeat(54)}\nafter: ${'x'.repeat(54)}!\n`)
})

test('base64 is found at every alignment, in one line, in lines, and in a JSON string', async () => {
  for (let before = 0; before < 7; before += 1) {
    const base64 = Buffer.from(`${'#'.repeat(before)}${token} and more`).toString('base64')
    const lines = base64.replace(/.{20}/g, '$&\n')
    for (const [form, text] of Object.entries({ base64, lines, json: JSON.stringify({ text: lines }) })) {
      const left = await scrubbed(`${form}-${before}`, text)
      const decoded = Buffer.from(form === 'json' ? JSON.parse(left).text : left, 'base64').toString('latin1')
      assert.equal(decoded.slice(0, before), '#'.repeat(before))
      for (let at = 0; at + 8 <= token.length; at += 1)
        assert.ok(!decoded.includes(token.slice(at, at + 8)), `${form} ${before}: ${decoded}`)
    }
  }
})

test('it is found at the seams of a large file', async () => {
  for (const seam of [4 * 1024 * 1024, 8 * 1024 * 1024 - 4096]) {
    for (const shift of [-60, -30, -1, 0]) {
      const content = Buffer.alloc(9 * 1024 * 1024, '.')
      content.write(token, seam + shift)
      assert.ok(!(await scrubbed('large', content)).includes(token))
    }
  }
})

test('folders are gone through; links are not followed, and files without the token are not touched', async () => {
  const folder = join(base, 'folder')
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  writeFileSync(join(folder, 'a/b/deep'), token)
  writeFileSync(join(folder, 'other'), 'other')
  chmodSync(join(folder, 'other'), 0o400)
  const before = statSync(join(folder, 'other')).mtimeMs
  symlinkSync(join(base, 'elsewhere'), join(folder, 'link'))
  writeFileSync(join(base, 'elsewhere'), token)
  assert.deepEqual((await scrub(token, [folder])).scrubbed, [join(folder, 'a/b/deep')])
  assert.equal(readFileSync(join(base, 'elsewhere'), 'utf8'), token)
  assert.equal(statSync(join(folder, 'other')).mtimeMs, before)
  assert.deepEqual(await scrub(token, [join(base, 'nowhere')]), { scrubbed: [], left: [] })
})
