// The power cut while an image is patched: agent and LXD killed together in every state.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../scripts/lxd/index.ts'
import { Edge, guestFile, until } from '../live/edge.ts'
import { ImageServer, sha256, token } from '../live/image-server.ts'
import { patches, told } from '../live/patches.ts'
import { Power } from './power.ts'

const test = suite('patch: images and the power cut', { timeout: 120_000 })
const repeats = Number(process.env.ANBOX_TEST_REPEATS ?? 3)
const directory = mkdtempSync(join(tmpdir(), 'patch-images-'))
let lxd: PrivateLxd
let server: ImageServer
let edge: Edge
let build = 0

test.before(
  async () => {
    lxd = await startPrivateLxd({ directory })
    server = await ImageServer.start()
    server.offer('20260101', guestFile())
    edge = await Edge.start({
      bootSeconds: 5,
      lxdDirectory: lxd.directory,
      bridge: lxd.bridge,
      // So far away that only what is asked for goes in.
      config: {
        images: { ca: server.ca },
        patch: { kinds: ['images'], windows: ['Mon 02:00-02:01'], graceSeconds: 1 },
      },
    })
    await edge.ams.config.set('images.url', server.url)
    await edge.ams.config.set('images.auth', `bearer:${token}`)
    await (await edge.ams.images.import({ name: 'android', path: 'stand-in' })).wait()
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    await edge?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await cleanPrivateLxd(directory)
    rmSync(directory, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

const states = ['pending', 'fetching', 'ready', 'measuring', 'applying', 'checking', 'committing', 'reverting']
for (let repeat = 1; repeat <= repeats; repeat += 1)
  for (const state of states)
    test(`${state}: in the end it is in, or as before (${repeat})`, async () => {
      const bad = state === 'reverting'
      build += 1
      const files: Record<string, string> = bad ? { 'data/local.prop': 'standin.boot=never\n' } : {}
      const file = edge.otherGuest(server.folder, `build-${build}`, files)
      const before = (await edge.ams.images.get('android')).versions?.map(({ fingerprint }) => fingerprint)
      const count = (await told(edge)).ended.length
      server.offer(`2026${String(1000 + build)}`, file)
      const early = ['pending', 'fetching', 'ready'].includes(state)
      const power = new Power(edge, directory)
      const cut = power.cutAt('images/android', state)
      await patches(edge, { action: 'check' })
      if (early) await cut
      await until(async () => (await told(edge).catch(() => undefined))?.patches[0]?.state === 'ready')
      await patches(edge, { action: 'apply', patch: 'images/android' })
      await cut
      await power.ended(count + 1)
      const { ended, patches: left } = await told(edge)
      assert.deepEqual([ended[0]?.outcome, left], [bad ? 'reverted' : 'applied', []], ended[0]?.reason)
      const after = (await edge.ams.images.get('android')).versions?.map(({ fingerprint }) => fingerprint)
      assert.deepEqual(after, bad ? before : [sha256(file)])
      // Neither a probe guest nor a file system is left over.
      await until(async () => (await edge.lxd.instances.list()).length === 0)
      assert.deepEqual(
        (await edge.lxd.images.list()).map(({ fingerprint }) => fingerprint),
        after,
      )
      delete server.versions[`2026${String(1000 + build)}`]
      if (!bad) server.offer(`2026${String(1000 + build)}`, file)
    })
