// A few of the named points at which the agent is killed; points.long.test.ts has all of them, and kills LXD too.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { acts, Field } from './points.ts'

const test = suite('killed at named points', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'points-'))
let lxd: PrivateLxd
let field: Field

test.before(
  async () => {
    lxd = await startPrivateLxd({ directory })
    field = await Field.open(lxd, directory)
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    await field?.[Symbol.asyncDispose]()
    await cleanPrivateLxd(directory)
    rmSync(directory, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

for (const [name, points] of Object.entries({
  bootstrap: ['"doing":"running the pre-start', '"stage":"publishing"'],
  'launch of an application': ['"doing":"running the post-start'],
}))
  for (const source of points) {
    const act = acts[name]
    const point = act?.points.find((one) => one.source === source)
    test(`${name}: the agent killed at ${source}`, async () => {
      assert.ok(act && point, 'no such point')
      await field.prepare()
      assert.ok(await field.strike(act, point, 'agent'), 'the point did not come')
    })
  }
