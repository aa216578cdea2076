// Agent, LXD and both killed at every named point of launch, bootstrap, update, publish and delete.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { acts, Field, type Victim } from './points.ts'

const test = suite('killed at every named point', { timeout: 120_000 })
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

for (const [name, act] of Object.entries(acts))
  for (const point of act.points)
    for (const victim of ['agent', 'lxd', 'both'] satisfies Victim[])
      test(`${name}: ${victim} killed at ${point.source}`, async () => {
        await field.prepare()
        assert.ok(await field.strike(act, point, victim), 'the point did not come')
      })
