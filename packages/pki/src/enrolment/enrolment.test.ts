// Enrolment and renewal with our own client: who gets a certificate, which one, and who does not.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { createAuthority, summarizeCertificate, verifyChain } from '../index.ts'
import { enrol, renew } from './enrol.ts'
import { keepEnrolled } from './keep.ts'
import { type Scene, setScene } from './scene.ts'

const test = suite('enrolment', { timeout: 30_000 })
let scene: Scene
test.before(async () => {
  scene = await setScene()
})
test.after(() => scene.close())

const second = 1 / 86_400
const refusedBecause = (reason: RegExp) => (error: { code: string; message: string }) => {
  assert.equal(error.code, 'enrolment_refused', error.message)
  assert.match(error.message, reason)
  return true
}

test('a machine gets the certificate that its token names, and nobody else can read its key', async () => {
  const machine = await scene.machine({ name: 'edge7', roles: ['gateway'], days: 10 })
  const { state, credential, paths, renewAt } = await enrol(machine)
  assert.equal(state, 'enrolled')
  const { kind, name, dns, ip, uri, notAfter } = summarizeCertificate(credential.certificate)
  assert.deepEqual({ kind, name, dns, ip }, { kind: 'client', name: 'edge7', dns: [], ip: [] })
  assert.deepEqual(uri, ['anbox:agent/edge7', 'urn:anbox:role:gateway'])
  const days = (date: Date) => (date.getTime() - Date.now()) / 86_400_000
  assert.ok(days(notAfter) > 9.99 && days(notAfter) <= 10)
  assert.ok(days(renewAt) > 4.99 && days(renewAt) < 6.71)
  assert.deepEqual(await verifyChain({ ...credential, purpose: 'client' }), { ok: true })
  assert.equal(statSync(paths.key).mode & 0o777, 0o600)
  assert.equal(statSync(machine.directory).mode & 0o777, 0o700)
  assert.ok(!existsSync(join(machine.directory, 'pending.key')))
  assert.equal((await enrol(machine)).state, 'kept')
})

test('RSA 4096 and P-384 enrol and renew too', async () => {
  for (const key of ['rsa-4096', 'ecdsa-p384'] as const) {
    const machine = { ...(await scene.machine()), key }
    const first = await enrol(machine)
    const next = await renew({ directory: machine.directory, force: true })
    const types = [first, next].map(({ credential }) => new X509Certificate(credential.certificate).publicKey)
    for (const type of types) assert.equal(type.asymmetricKeyType, key === 'rsa-4096' ? 'rsa' : 'ec')
  }
})

test('the SHA-256 of the root is enough of a pin', async () => {
  const { ca = '', ...machine } = await scene.machine()
  const { fingerprint256 } = new X509Certificate(ca)
  const { credential } = await enrol({ ...machine, caFingerprint: fingerprint256 })
  assert.equal(credential.root, ca)
})

test('with a wrong pin the token is not sent', async () => {
  const machine = await scene.machine()
  const other = await createAuthority(join(scene.base, 'other'), { key: 'ecdsa-p256' })
  const { fingerprint256 } = new X509Certificate(other.rootCertificate)
  for (const pin of [{ ca: other.rootCertificate }, { ca: undefined, caFingerprint: fingerprint256 }])
    await assert.rejects(enrol({ ...machine, ...pin }), { code: 'server_untrusted' })
  await assert.rejects(enrol({ ...machine, caFingerprint: fingerprint256 }), { code: 'server_untrusted' })
  await assert.rejects(enrol({ ...machine, ca: undefined }), { code: 'invalid_request' })
  const events = scene.events.length
  assert.equal((await enrol(machine)).state, 'enrolled')
  assert.equal(scene.events.length, events + 1)
})

test('a name that the server does not have is refused', async () => {
  const machine = await scene.machine()
  const credential = await scene.authority.issue({ kind: 'server', name: 'other', dns: ['other.example'] })
  await scene.restart({ certificate: credential.certificate, key: credential.key })
  await assert.rejects(enrol(machine), { code: 'server_untrusted' })
  await scene.restart()
})

test('a wrong, a revoked and an expired token are refused', async () => {
  const machine = await scene.machine({ ttlSeconds: 1 })
  await assert.rejects(enrol({ ...machine, token: `anbox-join-${'A'.repeat(43)}` }), refusedBecause(/401.*not known/))
  await assert.rejects(enrol({ ...machine, token: 'x' }), refusedBecause(/401.*not known/))
  await pause(1_000)
  await assert.rejects(enrol(machine), refusedBecause(/401.*has ended/))
  assert.ok(scene.events.some(({ action, reason }) => action === 'refused' && reason === 'this token has ended'))
  const revoked = await scene.machine({ name: 'gone' })
  const [record] = (await scene.tokens.list()).filter(({ scope }) => scope.name === 'gone')
  await scene.tokens.revoke(record?.id ?? '')
  await assert.rejects(enrol(revoked), refusedBecause(/401.*taken back/))
})

test('a token that was used serves the same key, and no other', async () => {
  const machine = await scene.machine({ name: 'twice' })
  const { credential } = await enrol(machine)
  await assert.rejects(
    enrol({ ...machine, directory: join(scene.base, 'thief') }),
    refusedBecause(/403.*used with another key/),
  )
  assert.equal((await enrol({ ...machine, replace: true })).state, 'kept')
  const issued = (await scene.authority.list()).filter(({ name }) => name === 'twice')
  assert.deepEqual(
    issued.map(({ fingerprint }) => fingerprint),
    [credential.fingerprint],
  )
})

test('a renewal has the same names, a fresh key, and one successor', async () => {
  const machine = await scene.machine({ name: 'again', roles: ['a', 'b'] })
  const { directory } = machine
  const first = await enrol(machine)
  assert.equal((await renew({ directory })).state, 'kept')
  const next = await renew({ directory, force: true })
  const of = ({ credential }: typeof next | typeof first) => summarizeCertificate(credential.certificate)
  assert.deepEqual(of(next).uri, of(first).uri)
  assert.notEqual(next.credential.serial, first.credential.serial)
  assert.notEqual(next.credential.key, first.credential.key)
  assert.equal(readFileSync(next.paths.certificate, 'utf8'), next.credential.certificate)
  assert.equal(readdirSync(join(directory, 'certificates')).length, 2)
  await renew({ directory, force: true })
  assert.equal(readdirSync(join(directory, 'certificates')).length, 2)
})

test('a revoked certificate is not renewed, and its token gives nothing any more', async () => {
  const machine = await scene.machine()
  const { credential } = await enrol(machine)
  await scene.authority.revoke(credential.serial)
  await assert.rejects(renew({ directory: machine.directory, force: true }), refusedBecause(/403.*revoked/))
  await assert.rejects(renew({ directory: machine.directory, force: true }), refusedBecause(/403.*revoked/))
})

test('keepEnrolled renews in time, and through an absence of the server', async () => {
  const machine = await scene.machine({ days: 4 * second })
  const { credential } = await enrol(machine)
  const stop = new AbortController()
  const serials = [credential.serial]
  let failed = 0
  await scene.server.close()
  const kept = keepEnrolled({
    directory: machine.directory,
    signal: stop.signal,
    firstPauseMs: 100,
    longestPauseMs: 300,
    onRenewed: ({ credential }) => {
      serials.push(credential.serial)
      if (serials.length === 3) stop.abort()
    },
    onFailed: () => {
      failed += 1
      if (failed === 3) void scene.restart()
    },
  })
  await kept
  assert.equal(new Set(serials).size, 3)
  assert.ok(failed >= 3)
})
