// What happens to machines that were away, that were copied, and whose clock is wrong.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { buildCertificate, summarize } from '../authority/certificate.ts'
import { createAuthority } from '../index.ts'
import { fetchCertificate } from './connection.ts'
import { writeCsr } from './csr.ts'
import { enrol, renew } from './enrol.ts'
import { type Scene, setScene } from './scene.ts'

const test = suite('enrolment: recovery, clones, clocks', { timeout: 90_000 })
let scene: Scene
test.before(async () => {
  scene = await setScene({ rules: { graceSeconds: 9, recoveries: 2, renewalsPerHour: 5 } })
})
test.after(() => scene.close())

/** In days: three seconds, long enough to be checked on a busy machine. */
const life = 3 / 86_400
const refused = (reason: RegExp) => ({ code: 'enrolment_refused', message: reason })
const actions = (name: string) =>
  scene.events.filter(({ machine }) => machine === name).map(({ action, reason }) => reason ?? action)

test('a machine that was away past the end of its certificate recovers, a limited number of times', async () => {
  const machine = await scene.machine({ name: 'away', days: life })
  const { directory } = machine
  const first = await enrol(machine)
  for (let round = 0; round < 2; round += 1) {
    await pause(3_500)
    const { state, credential } = await renew({ directory })
    assert.equal(state, 'renewed')
    assert.notEqual(credential.serial, first.credential.serial)
    assert.ok(credential.notAfter > new Date())
  }
  await pause(3_500)
  await assert.rejects(renew({ directory }), refused(/403.*recovered too often/))
  assert.deepEqual(actions('away'), [
    'enrolled',
    'recovered',
    'recovered',
    'recovered too often; enrol with a new token',
  ])
  const again = await scene.machine({ name: 'away', days: life })
  assert.equal((await enrol({ ...again, directory })).state, 'enrolled')
  await pause(3_500)
  assert.equal((await renew({ directory })).state, 'renewed')
})

test('after the grace period it takes a new token', async () => {
  const machine = await scene.machine({ days: life })
  const { directory } = machine
  await enrol(machine)
  await pause(12_500)
  await assert.rejects(renew({ directory }), refused(/403.*ended too long ago/))
  const { token } = await scene.machine({ name: 'm-late' })
  assert.equal((await enrol({ ...machine, token })).state, 'enrolled')
})

test('what was revoked does not recover', async () => {
  const machine = await scene.machine({ days: life })
  const { credential } = await enrol(machine)
  await scene.authority.revoke(credential.serial)
  await pause(3_500)
  await assert.rejects(renew({ directory: machine.directory }), refused(/403.*revoked/))
})

test('a forged certificate that has ended is not taken for ours', async () => {
  const { directory, ...machine } = await scene.machine({ name: 'victim' })
  const { credential } = await enrol({ ...machine, directory })
  // The same names and serial, of an issuer with the same name; only the key is another. OpenSSL's verdict on the
  // connection names the end of the certificate last, and so alone.
  const issuer = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const certificate = await buildCertificate(
    {
      subject: { organization: scene.authority.name, commonName: 'victim' },
      publicKey: key,
      serial: credential.serial,
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() - 1_000),
      use: summarize(credential.certificate),
    },
    { key: issuer, certificate: scene.authority.chain('agents') },
  )
  const csr = writeCsr(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const root = scene.authority.rootCertificate
  await assert.rejects(
    fetchCertificate({ url: scene.url }, { root, csr, identity: { certificate, key: pem } }),
    refused(/403.*not that of a machine/),
  )
})

test('a copied key is noticed, and the copy that comes second is refused', async () => {
  const machine = await scene.machine({ name: 'original' })
  const { directory } = machine
  await enrol(machine)
  const copy = join(scene.base, 'copy')
  execFileSync('cp', ['-a', directory, copy])
  assert.equal((await renew({ directory: copy, force: true })).state, 'renewed')
  await assert.rejects(renew({ directory, force: true }), refused(/403.*another key.*somebody else/))
  assert.equal((await renew({ directory: copy, force: true })).state, 'renewed')
  await assert.rejects(renew({ directory, force: true }), refused(/403.*another key/))
  const noticed = scene.events.filter(({ action, machine }) => action === 'cloned' && machine === 'original')
  assert.deepEqual(
    noticed.map(({ generation }) => generation),
    [1, 1],
  )
})

test('two copies that renew at the same moment get one certificate between them', async () => {
  const machine = await scene.machine({ name: 'raced' })
  await enrol(machine)
  const copy = join(scene.base, 'raced-copy')
  execFileSync('cp', ['-a', machine.directory, copy])
  const results = await Promise.allSettled(
    [machine.directory, copy].map((directory) => renew({ directory, force: true })),
  )
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await scene.authority.list()).filter(({ name }) => name === 'raced').length, 2)
})

test('many requests at once under one token make one certificate', async () => {
  const { token, directory: _, ...machine } = await scene.machine({ name: 'crowd' })
  const root = scene.authority.rootCertificate
  const keys = [1, 2, 3].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
  const asked = [...keys, ...keys, ...keys, ...keys].map((key) =>
    fetchCertificate({ url: machine.url }, { root, csr: writeCsr(key), token }),
  )
  const results = await Promise.allSettled(asked)
  const serials = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value.serialNumber] : []))
  assert.deepEqual([serials.length, new Set(serials).size], [4, 1])
  assert.equal((await scene.authority.list()).filter(({ name }) => name === 'crowd').length, 1)
})

test('a machine gone wild is slowed down', async () => {
  const machine = await scene.machine({ name: 'wild' })
  await enrol(machine)
  for (let round = 0; round < 4; round += 1) await renew({ directory: machine.directory, force: true })
  await assert.rejects(
    renew({ directory: machine.directory, force: true }),
    (error: { code: string; retryAfter: number }) => {
      assert.equal(error.code, 'enrolment_unavailable')
      assert.ok(error.retryAfter > 3_500_000 && error.retryAfter <= 3_600_000)
      return true
    },
  )
})

/** Does something while the clock of this process is wrong. What OpenSSL takes for the time is not changed. */
async function atClock<T>(offsetMs: number, work: () => Promise<T>): Promise<T> {
  const Real = Date
  class Shifted extends Real {
    constructor(...given: [] | [number | string | Date]) {
      super(given.length === 0 ? Real.now() + offsetMs : given[0])
    }
    static override now(): number {
      return Real.now() + offsetMs
    }
  }
  globalThis.Date = Shifted as DateConstructor
  try {
    return await work()
  } finally {
    globalThis.Date = Real
  }
}
const year = 365 * 86_400_000

test('while the clock is behind nothing is judged, nothing is sent, and no key is made', async () => {
  const machine = await scene.machine({ name: 'behind' })
  const wrong = { code: 'clock_wrong' }
  await atClock(-20 * year, () => assert.rejects(enrol(machine), wrong))
  await atClock(-3_600_000, () => assert.rejects(enrol(machine), wrong))
  assert.ok(!existsSync(join(machine.directory, 'pending.key')))
  assert.deepEqual(actions('behind'), [])
  await enrol(machine)
  await atClock(-3_600_000, () => assert.rejects(renew({ directory: machine.directory, force: true }), wrong))
  assert.deepEqual(actions('behind'), ['enrolled'])
})

test('the clock may be set while the machine waits; the pin holds before and after', async () => {
  const machine = await scene.machine()
  const other = await createAuthority(join(scene.base, 'elsewhere'), { key: 'ecdsa-p256' })
  const late = (ca: string | undefined, directory: string) => {
    const done = atClock(-20 * year, async () => ({
      enrolled: enrol({ ...machine, ca, directory, clockPatienceMs: 5_000 }),
    }))
    return done.then(({ enrolled }) => enrolled)
  }
  await assert.rejects(late(other.rootCertificate, join(scene.base, 'wrong-pin')), { code: 'server_untrusted' })
  assert.equal((await late(machine.ca, machine.directory)).state, 'enrolled')
})
