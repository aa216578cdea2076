import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { fastFolder } from '../../test/deployment.ts'
import { killRotations } from '../../test/rotation-kills.ts'

const test = suite('rotation: SIGKILL', { timeout: 120_000 })
const directory = mkdtempSync(join(fastFolder, 'pki-rotation-kill-'))
test.after(() => rmSync(directory, { recursive: true }))

test('killed 20 times at random moments: nobody is ever refused, and it comes to its end', async () => {
  const { stages } = await killRotations(directory, 20)
  assert.ok(stages.size >= 5, `the kills fell on ${[...stages].join(', ')} only`)
})
