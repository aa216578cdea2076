// The power cut while an application takes security updates in: agent and LXD killed together in every state. The guest's apt is
// a script here, whose archive has something newer some seconds after each bootstrap; applications.long.test.ts has a real one.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { Edge, until } from '../live/edge.ts'
import { appApk, hook, tarBz2 } from '../live/package.ts'
import { patches, told } from '../live/patches.ts'
import { Power } from './power.ts'

const test = suite('patch: applications and the power cut', { timeout: 180_000 })
const repeats = Number(process.env.ANBOX_TEST_REPEATS ?? 3)
const directory = mkdtempSync(join(tmpdir(), 'patch-apps-'))
/** Seconds until there is something newer. */
const fresh = 20
const apt = `#!/bin/sh
now=$(date +%s)
case "$*" in
  *update*) exit 0 ;;
  *dist-upgrade*)
    at=$(cat /data/updated 2>/dev/null || echo 0)
    [ $((now - at)) -lt ${fresh} ] || echo "Inst demo [$at] ($now Test-Security:1/stable-security [all])" ;;
  *install*) echo $now >/data/updated ;;
esac
`
let lxd: PrivateLxd
let edge: Edge

test.before(
  async () => {
    lxd = await startPrivateLxd({ directory })
    const config = { patch: { kinds: ['applications'], graceSeconds: 1 } }
    edge = await Edge.start({ bootSeconds: 20, lxdDirectory: lxd.directory, bridge: lxd.bridge, config })
    const image = edge.otherGuest(edge.directory, 'with-apt', { 'system/bin/apt-get': apt })
    await (await edge.ams.images.upload('android', image)).wait()
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    await edge?.[Symbol.asyncDispose]()
    await cleanPrivateLxd(directory)
    rmSync(directory, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

/** @param works seconds since 1970 from which its bootstrap fails. */
async function create(name: string, works: number): Promise<void> {
  const content = tarBz2({
    'manifest.yaml': `name: ${name}\nresources: {cpus: 1, memory: 128MB, disk-size: 256MB}\n`,
    'app.apk': appApk(`com.example.${name}`),
    'hooks/post-start': hook(`[ $(date +%s) -lt ${works} ]`),
  })
  writeFileSync(edge.path(name), content)
  await (await edge.ams.applications.create(edge.path(name))).wait()
}

const states = ['pending', 'fetching', 'ready', 'measuring', 'applying', 'checking', 'committing', 'reverting']
for (let repeat = 1; repeat <= repeats; repeat += 1)
  for (const state of states)
    test(`${state}: a new version is there, or the last good one stays (${repeat})`, async () => {
      const bad = state === 'reverting'
      const name = `${state}${repeat}`
      const now = () => Math.floor(Date.now() / 1000)
      await create(name, bad ? now() + fresh : now() + 10_000)
      await sleep(fresh * 1000)
      const count = (await told(edge)).ended.length
      const power = new Power(edge, directory)
      const cut = power.cutAt(`applications/${name}`, state)
      await patches(edge, { action: 'check' })
      await cut
      await power.ended(count + 1)
      const [end] = (await told(edge)).ended
      assert.deepEqual([end?.subject, end?.outcome], [name, bad ? 'reverted' : 'applied'], end?.reason)
      const { versions = [] } = await edge.ams.applications.get(name)
      const good = versions.filter(({ status, published }) => status === 'active' && published)
      assert.deepEqual(
        good.map(({ number }) => number),
        bad ? [0] : [0, 1],
      )
      await (await edge.ams.applications.delete(name)).wait()
      // Neither a probe nor a base instance is left over, nor a file system.
      await until(async () => (await edge.lxd.instances.list()).length === 0)
      await until(async () => (await edge.lxd.images.list()).length === 1)
    })
