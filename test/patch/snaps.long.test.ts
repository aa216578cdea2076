// Snaps, with a real snapd and a store of the test's own: refreshes in, a bad one back and not tried again, snapd and the
// engine killed, the store away, the power cut in every state.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { until } from '../live/edge.ts'
import type { Cut } from './engine-process.ts'
import { PatchMachine } from './machine.ts'
import { SnapStore } from './snap-store.ts'
import { buildSnapdImage } from './snapd-image.ts'

const test = suite('patch: snaps', { timeout: 300_000 })
const machine = new PatchMachine()
const store = new SnapStore(machine)
const repeats = Number(process.env.ANBOX_TEST_REPEATS ?? 3)
const name = 'edge-demo'
// Beside the engine's store: made by LXD when the machine starts, and gone when it stops.
const snapd = join(machine.directory, 'snapd.socket')

const publish = (options = {}) => store.publish(name, `1.${Date.now()}`, options)
const ended = (told: Awaited<ReturnType<PatchMachine['patch']>>) =>
  told?.ended[0] && [told.ended[0].subject, told.ended[0].to, told.ended[0].outcome]
/** That it is what is installed, that its service runs, and that snapd has nothing under way. */
async function isWhole(revision: string, said = ''): Promise<void> {
  assert.deepEqual([await store.revision(name), await store.running(name)], [revision, revision], said)
  assert.equal(await machine.sh("snap changes | grep -E ' (Do|Doing|Undo|Undoing|Wait) .*edge-demo' || true"), '', said)
}
async function applies(revision: string): Promise<void> {
  const told = await machine.patch('snaps')
  assert.deepEqual(ended(told), [name, revision, 'applied'], machine.log)
  await isWhole(revision)
}

test.before(
  async () => {
    await machine.start(await buildSnapdImage(), SnapStore.devices(snapd))
    machine.options = { snapd }
    await store.prepare()
    await publish()
    await store.install(name)
  },
  { timeout: 1_800_000 },
)
test.after(() => machine[Symbol.asyncDispose]())

test('nothing newer, nothing done; then each refresh that there is goes in', async () => {
  assert.deepEqual((await machine.patch('snaps'))?.patches, [], machine.log)
  for (let count = 0; count < 3; count += 1) await applies(await publish())
})

test('one that snapd undoes is told as reverted and not tried again, and its successor goes in', async () => {
  const before = await store.revision(name)
  const bad = await publish({ works: false })
  const told = await machine.patch('snaps')
  assert.deepEqual(ended(told), [name, bad, 'reverted'], machine.log)
  assert.match(told?.ended[0]?.reason ?? '', /snapd: .*hook/s)
  await isWhole(before)
  const again = await machine.patch('snaps')
  assert.deepEqual([again?.ended.length, again?.patches], [told?.ended.length, []])
  await isWhole(before)
  await applies(await publish())
})

test('one whose service ends is taken back by the engine, and its successor goes in', async () => {
  const before = await store.revision(name)
  const bad = await publish({ runs: false })
  const told = await machine.patch('snaps')
  assert.deepEqual(ended(told), [name, bad, 'reverted'], machine.log)
  assert.match(told?.ended[0]?.reason ?? '', /service edge-demo\.service does not run/)
  await isWhole(before)
  const again = await machine.patch('snaps')
  assert.deepEqual([again?.ended.length, again?.patches], [told?.ended.length, []])
  await applies(await publish())
})

test('snapd killed in the midst of a refresh: it goes in all the same', async () => {
  const next = await publish({ slow: 8 })
  const patching = machine.patch('snaps')
  await until(async () => /Doing .*edge-demo/.test(await machine.sh('snap changes || true')))
  await machine.sh('systemctl kill --signal=KILL --kill-who=main snapd')
  assert.deepEqual(ended(await patching), [name, next, 'applied'], machine.log)
  await isWhole(next)
})

test('the engine killed while a refresh goes in: the next one ends it', async () => {
  for (const when of ['written', 'worked'] as const) {
    const next = await publish()
    assert.equal(await machine.patch('snaps', {}, { state: 'applying', when }), undefined, machine.log)
    await applies(next)
  }
})

test('a store that is away is told, and changes nothing; once it is back the refresh goes in', async () => {
  const before = await store.revision(name)
  const next = await publish()
  await store.down()
  const told = await machine.patch('snaps')
  assert.match(told?.problems.snaps ?? '', /snapd: /, machine.log)
  assert.deepEqual(told?.patches, [])
  await isWhole(before)
  await store.up()
  await applies(next)
})

test('a channel that the policy names is followed from the next look on', async () => {
  machine.options = { snapd, policy: { snapChannels: [`${name}=beta`] } }
  await applies(await publish())
  assert.equal(await store.channel(name), 'latest/beta', machine.log)
  machine.options = { snapd }
})

test('the power cut in every state, agent and machine: refreshed or as before, never in between', {
  timeout: 1_800_000,
}, async () => {
  const states: Cut['state'][] = ['fetching', 'ready', 'measuring', 'applying', 'checking', 'committing', 'reverting']
  let cuts = 0
  for (let repeat = 0; repeat < repeats; repeat += 1)
    for (const state of states)
      for (const when of ['written', 'worked'] as const) {
        const said = `${state}, ${when}`
        const bad = state === 'reverting'
        const before = await store.revision(name)
        // By turns what the engine takes back and what snapd does.
        const next = await publish(bad ? { works: repeat % 2 === 0, runs: false } : {})
        if ((await machine.patch('snaps', {}, { state, when })) === undefined) cuts += 1
        await machine.power('stop')
        await machine.power('start')
        await store.up()
        const told = await machine.patch('snaps')
        assert.deepEqual(ended(told), [name, next, bad ? 'reverted' : 'applied'], `${said}: ${machine.log}`)
        assert.deepEqual(told?.patches, [], said)
        await isWhole(bad ? before : next, said)
      }
  console.log(`\n  ${cuts} of ${repeats * states.length * 2} cut`)
  assert.ok(cuts >= repeats * states.length)
})
