// In every phase of every kind of rotation, whoever has read its new files and whoever has not yet, all still trust each
// other; and every rotation can be turned back from everywhere but its end. OpenSSL judges.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { Deployment, fastFolder } from '../../test/deployment.ts'
import { type AuditRecord, openAuthority, verifyChain } from '../index.ts'
import { openRotation, planRotation } from './begin.ts'
import { announce, type Plan, phasesOf, type Subject } from './plan.ts'
import type { Rotation } from './rotation.ts'
import type { Status } from './status.ts'

const test = suite('rotation', { timeout: 120_000 })
const directory = mkdtempSync(join(fastFolder, 'pki-rotation-'))
test.after(() => rmSync(directory, { recursive: true }))

const kinds: [string, Subject, reissue: 'all' | []][] = [
  ['root', { kind: 'root' }, []],
  ['root with new leaves', { kind: 'root' }, 'all'],
  ['intermediate of control', { kind: 'intermediate', purpose: 'control', revoke: true }, []],
  ['intermediate of etcd', { kind: 'intermediate', purpose: 'etcd', revoke: false }, []],
  ['leaf that is pinned', { kind: 'leaf', consumer: 'ops', revoke: true }, []],
  ['secret', { kind: 'secret', secret: 'turn' }, []],
]

let made = 0
async function fresh(subject: Subject, reissue: 'all' | [] = []) {
  made += 1
  const deployment = await Deployment.make(mkdtempSync(join(directory, `${made}-`)))
  const rotation = openRotation(deployment.pki, { secrets: deployment.secrets })
  return { deployment, rotation, plan: planRotation(subject, deployment.consumers, { reissue }) }
}

/** Lets the consumers that the step concerns read their files and acknowledge, in any order, and looks at all after each. */
async function settle(rotation: Rotation, deployment: Deployment, status: Status, most = 99) {
  assert.deepEqual(await deployment.broken(), [], `${status.stage} ${status.direction}`)
  const waiting = status.consumers.filter(({ acknowledged }) => !acknowledged)
  for (const { name } of waiting.sort(() => Math.random() - 0.5).slice(0, most)) {
    deployment.peers.get(name)?.load()
    assert.deepEqual(await deployment.broken(), [], `${status.stage} ${status.direction}, ${name} has changed`)
    await rotation.acknowledge(name, status.step)
  }
}

async function forward(rotation: Rotation, deployment: Deployment, status: Status): Promise<Status> {
  let now = status
  while (!now.ended) {
    await settle(rotation, deployment, now)
    now = await rotation.next()
  }
  return now
}

for (const [name, subject, reissue] of kinds) {
  test(`${name}: nobody is refused, from the first phase to the last`, async () => {
    const { deployment, rotation, plan } = await fresh(subject, reissue)
    const before = deployment.contents()
    const { ended } = await forward(rotation, deployment, await rotation.begin(plan))
    assert.equal(ended, 'finished')
    assert.deepEqual(await deployment.broken(), [])
    const after = deployment.contents()
    for (const path of after.keys()) assert.ok(!path.startsWith('pki/rotation/') && path !== 'pki/trust.json', path)
    assert.notDeepEqual(after, before)
    await assert.rejects(rotation.status(), { code: 'rotation_missing' })
    // What is issued afterwards works with everybody, and the next rotation begins.
    await openAuthority(deployment.pki)
    const again = planRotation(subject, deployment.consumers, { reissue })
    await forward(rotation, deployment, await rotation.begin(again))
  })

  test(`${name}: what is announced is what changes`, async () => {
    const { deployment, rotation, plan } = await fresh(subject, reissue)
    const announced = announce(plan)
    let status = await rotation.begin(plan)
    const roles = { trust: 'trust', chain: 'certificate', leaf: 'certificate', pins: 'pins', secret: 'secret' } as const
    while (!status.ended) {
      for (const peer of deployment.peers.values()) {
        const before = peer.loaded
        peer.load()
        const changed = Object.entries(peer.loaded).flatMap(([role, text]) =>
          before[role as 'key'] === text ? [] : [role],
        )
        const said = announced.find((one) => one.phase === status.stage && one.consumer === peer.consumer.name)
        const expected = new Set(said?.changes.map((change) => roles[change]))
        assert.deepEqual(
          changed.filter((role) => role !== 'key'),
          [...expected],
          `${status.stage} ${peer.consumer.name}`,
        )
        assert.equal(changed.includes('key'), said?.changes.includes('leaf') ?? false)
        if (said) await rotation.acknowledge(peer.consumer.name)
      }
      status = await rotation.next()
    }
  })

  // What these two do is in others of the list too.
  if (name === 'root' || name === 'intermediate of etcd') continue

  test(`${name}: aborted at every phase, everything is as before`, async () => {
    const { deployment, rotation, plan } = await fresh(subject, reissue)
    const before = deployment.contents()
    for (const [index, phase] of phasesOf(plan).slice(0, -1).entries()) {
      // Nobody, one, or all have read what the phase gave them.
      const acknowledged = [0, 1, 99][index % 3]
      let status = await rotation.begin(plan)
      while (status.stage !== phase) {
        await settle(rotation, deployment, status)
        status = await rotation.next()
      }
      await settle(rotation, deployment, status, acknowledged)
      const { ended } = await forward(rotation, deployment, await rotation.abort())
      assert.equal(ended, 'aborted')
      assert.deepEqual(deployment.contents(), before, `from ${phase}, ${acknowledged} had acknowledged`)
    }
  })

  test(`${name}: aborted and resumed at every phase, it ends as if nothing had been`, async () => {
    const { deployment, rotation, plan } = await fresh(subject, reissue)
    let status = await rotation.begin(plan)
    for (const phase of phasesOf(plan).slice(1, -1)) {
      await settle(rotation, deployment, status)
      status = await rotation.next()
      assert.equal(status.stage, phase)
      await settle(rotation, deployment, status, 1)
      const back = await rotation.abort()
      assert.equal(back.direction, 'back')
      await settle(rotation, deployment, back, 1)
      status = await rotation.resume()
      assert.equal(status.stage, phase)
    }
    assert.equal((await forward(rotation, deployment, status)).ended, 'finished')
    assert.deepEqual(await deployment.broken(), [])
  })
}

test('root: what peers that know only the old root, both, or only the new one accept in each phase', async () => {
  const { deployment, rotation, plan } = await fresh({ kind: 'root' }, 'all')
  const old = (await openAuthority(deployment.pki)).anchors
  let status = await rotation.begin(plan)
  const replacement = readFileSync(join(deployment.pki, 'rotation/root.crt'), 'utf8')
  const found: Record<string, string> = {}
  while (!status.ended) {
    const { certificate } = deployment.peer('edge').consumer.files
    const issued = (await openAuthority(deployment.pki)).issue({ kind: 'client', name: 'late', key: 'ecdsa-p256' })
    const chains = [
      [readFileSync(certificate ?? '', 'utf8'), 'server'],
      [(await issued).certificate, 'client'],
    ] as const
    const accepted = new Set<string>()
    for (const [certificate, purpose] of chains) {
      const verdicts = await Promise.all(
        [old, old + replacement, replacement].map((root) => verifyChain({ certificate, root, purpose })),
      )
      accepted.add(verdicts.map(({ ok }) => (ok ? 'yes' : 'no')).join(' '))
    }
    found[status.stage] = [...accepted].join(' and ')
    for (const { name } of status.consumers) await rotation.acknowledge(name)
    status = await rotation.next()
  }
  const both = 'yes yes yes'
  const before = 'yes yes no'
  assert.deepEqual(found, { prepare: before, distribute: before, switch: both, reissue: both, drop: both })
  const authority = await openAuthority(deployment.pki)
  const late = await authority.issue({ kind: 'client', name: 'late', key: 'ecdsa-p256' })
  assert.equal(late.root, replacement)
  assert.ok((await verifyChain({ ...late, purpose: 'client' })).ok)
  assert.ok(!(await verifyChain({ ...late, root: old, purpose: 'client' })).ok)
})

test('no phase begins before all have acknowledged; who is passed over is named, and asked again', async () => {
  const { rotation, plan } = await fresh({ kind: 'root' })
  await rotation.begin(plan)
  await assert.rejects(rotation.begin(plan), { code: 'rotation_conflict' })
  const { step, consumers } = await rotation.next()
  assert.deepEqual(consumers.map(({ name }) => name).sort(), ['agent', 'edge', 'ops', 'store'])
  await assert.rejects(rotation.next(), { code: 'rotation_waiting', message: /agent/ })
  await assert.rejects(rotation.acknowledge('ops', step + 1), { code: 'rotation_conflict' })
  await assert.rejects(rotation.acknowledge('nobody'), { code: 'invalid_request' })
  for (const name of ['edge', 'ops', 'store']) await rotation.acknowledge(name, step)
  await assert.rejects(rotation.next({ force: ['edge'] }), /not acknowledged by agent$/)
  const after = await rotation.next({ force: ['agent'] })
  assert.equal(after.stage, 'switch')
  assert.equal(after.consumers.find(({ name }) => name === 'agent')?.behind, true)
  for (const { name } of after.consumers) if (name !== 'agent') await rotation.acknowledge(name)
  await assert.rejects(rotation.next(), /not acknowledged by agent$/)
  await rotation.acknowledge('agent')
  assert.equal((await rotation.next()).stage, 'drop')
})

test('acknowledgements of many at once are all kept', async () => {
  const { rotation, plan } = await fresh({ kind: 'root' })
  await rotation.begin(plan)
  const { consumers } = await rotation.next()
  await Promise.all(consumers.map(({ name }) => rotation.acknowledge(name)))
  assert.ok((await rotation.status()).consumers.every(({ acknowledged }) => acknowledged))
})

test('the old is not dropped before both were in use for the time of the plan', async () => {
  const { deployment, rotation, plan } = await fresh({ kind: 'secret', secret: 'turn' })
  let status = await rotation.begin({ ...plan, overlapSeconds: 2 })
  while (status.stage !== 'switch') {
    await settle(rotation, deployment, status)
    status = await rotation.next()
  }
  await settle(rotation, deployment, status)
  await assert.rejects(rotation.next(), { code: 'rotation_waiting', message: /until/ })
  await new Promise((resolve) => setTimeout(resolve, 2100))
  assert.equal((await rotation.next()).stage, 'drop')
})

test('a leaf that is renewed meanwhile is kept', async () => {
  const { deployment, rotation, plan } = await fresh({ kind: 'root' })
  let status = await rotation.begin(plan)
  const { certificate = '', key = '' } = deployment.peer('agent').consumer.files
  const renewed = await (await openAuthority(deployment.pki)).issue({
    kind: 'client',
    purpose: 'messaging',
    name: 'agent',
    key: 'ecdsa-p256',
  })
  writeFileSync(certificate, renewed.certificate)
  writeFileSync(key, renewed.key)
  deployment.peer('agent').load()
  while (status.stage !== 'drop') {
    await settle(rotation, deployment, status)
    status = await rotation.next()
  }
  const shown = new X509Certificate(readFileSync(certificate, 'utf8'))
  assert.equal(shown.serialNumber.toLowerCase(), renewed.serial)
  await forward(rotation, deployment, status)
})

test('the root may be kept elsewhere: it is needed at the beginning and at the end', async () => {
  const { deployment, plan } = await fresh({ kind: 'root' })
  const medium = mkdtempSync(join(directory, 'medium-'))
  renameSync(join(deployment.pki, 'root/ca.key'), join(medium, 'ca.key'))
  writeFileSync(join(medium, 'ca.crt'), readFileSync(join(deployment.pki, 'root/ca.crt')))
  const without = openRotation(deployment.pki)
  await assert.rejects(without.begin(plan), { code: 'root_offline' })
  const attached = openRotation(deployment.pki, { rootDirectory: medium })
  await assert.rejects(without.status(), { code: 'rotation_missing' })
  let status = await attached.begin(plan)
  while (status.stage !== 'drop') {
    await settle(without, deployment, status)
    status = await without.next()
  }
  await settle(without, deployment, status)
  await assert.rejects(without.next(), { code: 'root_offline' })
  status = await attached.next()
  assert.equal(status.ended, 'finished')
  assert.equal(readFileSync(join(medium, 'ca.crt'), 'utf8'), readFileSync(join(deployment.pki, 'root/ca.crt'), 'utf8'))
  await assert.rejects(async () => readFileSync(join(deployment.pki, 'root/ca.key')), { code: 'ENOENT' })
  assert.deepEqual(await deployment.broken(), [])
})

test('the key of the old root is kept with it, or destroyed if asked', async () => {
  for (const destroyKey of [false, true]) {
    const { deployment, rotation, plan } = await fresh({ kind: 'root', destroyKey })
    await forward(rotation, deployment, await rotation.begin(plan))
    const kept = [...deployment.contents().keys()].filter((path) => /^pki\/retired\/.*key$/.test(path))
    assert.equal(kept.length, destroyKey ? 0 : 1)
  }
})

test('what the old intermediate signed is revoked at the end, if asked', async () => {
  const { deployment, rotation, plan } = await fresh({ kind: 'intermediate', purpose: 'control', revoke: true })
  const authority = await openAuthority(deployment.pki)
  const before = (await authority.list()).filter(({ purpose }) => purpose === 'control').map(({ serial }) => serial)
  await forward(rotation, deployment, await rotation.begin(plan))
  const after = await (await openAuthority(deployment.pki)).list()
  const revoked = after.filter(({ revoked }) => revoked).map(({ serial }) => serial)
  assert.deepEqual(revoked.sort(), before.sort())
})

test('the audit log names every phase, who acknowledged and who was passed over, and stays whole', async () => {
  const { deployment, rotation, plan } = await fresh({ kind: 'root' })
  await rotation.begin(plan)
  const { consumers } = await rotation.next()
  for (const { name } of consumers) if (name !== 'agent') await rotation.acknowledge(name)
  await rotation.next({ force: ['agent'] })
  let status = await rotation.abort()
  while (!status.ended) {
    for (const { name, acknowledged } of status.consumers) if (!acknowledged) await rotation.acknowledge(name)
    status = await rotation.next()
  }
  const { audit } = await openAuthority(deployment.pki)
  const lines: AuditRecord[] = []
  for await (const line of audit.entries()) lines.push(line)
  const of = (action: string) => lines.filter((line) => line.action === `rotation.${action}`)
  const entered = of('enter').map(({ stage, direction, forced }) => [stage, direction, forced])
  assert.deepEqual(entered, [
    ['prepare', 'forward', undefined],
    ['distribute', 'forward', undefined],
    ['switch', 'forward', ['agent']],
    ['distribute', 'back', ['agent']],
    ['prepare', 'back', undefined],
    ['discard', 'back', undefined],
  ])
  assert.ok(of('acknowledge').some(({ consumer }) => consumer === 'edge'))
  assert.equal(of('aborted').length, 1)
  assert.deepEqual((await (await openAuthority(deployment.pki)).verifyAudit()).problems, [])
})

test('a plan that cannot be carried out is refused before anything is written', async () => {
  const { deployment, rotation, plan } = await fresh({ kind: 'root' })
  const before = deployment.contents()
  const [first, ...others] = plan.consumers
  assert.ok(first)
  const wrong: [Plan, RegExp][] = [
    [{ ...plan, reissue: ['nobody'] }, /is no consumer/],
    [{ ...plan, consumers: [first, first] }, /is there twice/],
    [{ ...plan, consumers: [{ ...first, files: { ...first.files, trust: '/none/ca.crt' } }, ...others] }, /not there/],
    [{ ...plan, consumers: [{ ...first, purpose: 'etcd' }, ...others] }, /was not signed by the intermediate of etcd/],
    [{ ...plan, consumers: [{ ...first, pins: ['x'] }] }, /goes together/],
    [{ ...plan, subject: { kind: 'leaf', consumer: 'ops', revoke: false } }, /reissues that leaf/],
  ]
  for (const [one, reason] of wrong) await assert.rejects(rotation.begin(one), reason)
  assert.deepEqual(deployment.contents(), before)
})
