// Machines that enrolled under the old root, and a server that runs on while the root is changed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { splitPem } from '../authority/certificate.ts'
import { enrol, renew } from '../enrolment/enrol.ts'
import { type Scene, setScene } from '../enrolment/scene.ts'
import { verifyChain } from '../index.ts'
import { openRotation, planRotation } from './begin.ts'

const test = suite('rotation: enrolled machines', { timeout: 60_000 })
let scene: Scene
test.before(async () => {
  scene = await setScene()
})
test.after(() => scene.close())
/** Milliseconds in which the server notices. */
const notice = 2_500

/** The lists of the machines' purpose, as the server hands them out. */
function published(ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(`${scene.url}/crl/agents.pem`, { ca, agent: false }, (response) => text(response).then(resolve, reject)).on(
      'error',
      reject,
    )
  })
}

test('a machine that renews meanwhile knows both roots, then the new one; one that was away finds the way back', async () => {
  const pki = scene.authority.directory
  const root = (file: string) => readFileSync(join(pki, file), 'utf8')
  const [old, machine, away] = [root('root/ca.crt'), await scene.machine(), await scene.machine()]
  await enrol(machine)
  await enrol(away)
  const renewed = async ({ directory }: { directory: string }) => (await renew({ directory, force: true })).credential

  const rotation = openRotation(pki)
  await rotation.begin(planRotation({ kind: 'root' }, []))
  const known: Record<string, string[]> = {}
  for (let status = await rotation.next(); !status.ended; status = await rotation.next()) {
    await sleep(notice)
    const credential = await renewed(machine)
    known[status.stage] = splitPem(credential.root)
    const next = root('rotation/root.crt')
    // Its certificate is good for whom it meets: those that know the old root, both, or the new one only.
    const judges = status.stage === 'distribute' ? [old, old + next] : [old, old + next, next]
    for (const anchors of judges)
      assert.deepEqual(await verifyChain({ ...credential, root: anchors, purpose: 'client' }), { ok: true })
  }
  await sleep(notice)
  const fresh = root('root/ca.crt')
  assert.notEqual(fresh, old)
  assert.deepEqual(known, {
    distribute: [old, fresh],
    switch: [old, fresh],
    drop: [fresh],
  })
  assert.deepEqual(splitPem((await renewed(machine)).root), [fresh])
  const back = await renewed(away)
  assert.deepEqual(splitPem(back.root), [fresh])
  assert.deepEqual(await verifyChain({ ...back, purpose: 'client' }), { ok: true })
  // And again, now with the new root only.
  await renewed(away)
  await enrol({ ...(await scene.machine()), ca: fresh })
})

test('while the intermediate of the machines is changed, and after, machines renew that have a leaf of the old one', async () => {
  const pki = scene.authority.directory
  const ca = readFileSync(join(pki, 'root/ca.crt'), 'utf8')
  const machines = []
  for (let made = 0; made < 6; made += 1) machines.push({ ...(await scene.machine()), ca })
  for (const machine of machines) await enrol(machine)
  const away = { ...(await scene.machine({ days: 5 / 86_400 })), ca }
  await enrol(away)
  const rotation = openRotation(pki)
  let status = await rotation.begin(planRotation({ kind: 'intermediate', purpose: 'agents', revoke: false }, []))
  for (const { directory } of machines) {
    await sleep(notice)
    const { credential } = await renew({ directory, force: true })
    assert.deepEqual(await verifyChain({ ...credential, purpose: 'client' }), { ok: true }, status.stage)
    const crls = [await published(ca)]
    assert.deepEqual(await verifyChain({ ...credential, purpose: 'client', crls }), { ok: true }, status.stage)
    if (!status.ended) status = await rotation.next()
  }
  assert.equal(status.ended, 'finished')
  // It ended meanwhile, and recovers.
  const { credential } = await renew({ directory: away.directory })
  assert.ok(credential.notAfter > new Date())
  assert.equal(scene.events.at(-1)?.action, 'recovered')
})
