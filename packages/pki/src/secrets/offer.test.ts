// A secret travels from one deployment to another: two authorities, two stores, and openssl as an outsider.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import type { Authority } from '../authority/authority.ts'
import { createAuthority } from '../authority/create.ts'
import type { Credential } from '../authority/credential.ts'
import type { KeyType } from '../authority/key.ts'
import { InvalidRequestError, OfferRefusedError, SecretConflictError } from '../errors.ts'
import { encrypt, sign } from './cms.ts'
import { type OfferContent, openOffer, readRecipient, sealOffer } from './offer.ts'
import { openSecretStore, type SecretStore } from './store.ts'

const test = suite('offers', { timeout: 60_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-offers-'))
const value = 'correct-horse-battery-staple'
const from = 'anbox:client/berlin'
let authority: Authority
let berlin: Credential
let paris: Credential
let store: SecretStore
let there: SecretStore

test.before(async () => {
  authority = await createAuthority(join(base, 'pki'), { key: 'ecdsa-p256' })
  berlin = await authority.issue({ kind: 'client', name: 'berlin' })
  paris = await authority.issue({ kind: 'client', name: 'paris' })
  const open = (name: string) => openSecretStore(join(base, name), { key: { file: join(base, `${name}-key`, 'key') } })
  store = await open('berlin')
  there = await open('paris')
  store.create('coturn', 'turn', { value })
})
test.after(() => {
  store.close()
  there.close()
  rmSync(base, { recursive: true })
})

const accepting = () => ({ consumer: paris, root: authority.rootCertificate, producer: from, owner: 'gateway' })
const offerTo = (consumer: Credential, more = {}) =>
  store.offer('turn', { to: consumer.certificate, signer: berlin, ...more })

test('an offer is accepted once, and the secret is there with its origin', async () => {
  const { pem, id } = await offerTo(paris, { note: 'for the summer' })
  assert.ok(!pem.includes(value))
  const accepted = await there.accept(pem, accepting())
  assert.deepEqual(accepted.origin, { producer: from, name: 'turn', offer: id, revision: 1 })
  assert.equal(there.get('turn', { as: 'gateway' }).value.reveal(), value)
  await assert.rejects(there.accept(pem, accepting()), OfferRefusedError)
  there.remove('turn')
  await assert.rejects(there.accept(pem, accepting()), /was accepted before/)
})

test('a rotated secret is offered again and becomes a newer revision; an older offer does not bring the old one back', async () => {
  const old = await offerTo(paris)
  await there.accept((await offerTo(paris)).pem, accepting())
  store.rotate('turn', { value: `${value}-2` })
  await there.accept((await offerTo(paris)).pem, { ...accepting(), overlapSeconds: 60 })
  const reading = there.get('turn', { as: 'gateway' })
  assert.deepEqual(
    [reading, ...reading.also].map((one) => one.value.reveal()),
    [`${value}-2`, value],
  )
  await assert.rejects(there.accept(old.pem, accepting()), OfferRefusedError)
})

test('an offer for another, from another, of another root, changed or late is refused', async () => {
  const mallory = await createAuthority(join(base, 'mallory'), { key: 'ecdsa-p256' })
  const { pem } = await offerTo(berlin)
  await assert.rejects(there.accept(pem, accepting()), OfferRefusedError, 'for another')
  const good = (await offerTo(paris)).pem
  await assert.rejects(there.accept(good, { ...accepting(), producer: 'anbox:client/rome' }), OfferRefusedError)
  await assert.rejects(there.accept(good, { ...accepting(), root: mallory.rootCertificate }), OfferRefusedError)
  const forged = await mallory.issue({ kind: 'client', name: 'berlin' })
  const theirs = await store.offer('turn', { to: paris.certificate, signer: forged })
  await assert.rejects(there.accept(theirs.pem, accepting()), OfferRefusedError, 'signed by another authority')
  const lines = good.split('\n')
  for (let line = 1; line < lines.length - 2; line += 3) {
    const text = lines[line] ?? ''
    const changed = lines.with(line, text.replace(/^./, text.startsWith('A') ? 'B' : 'A')).join('\n')
    await assert.rejects(there.accept(changed, accepting()), OfferRefusedError, `line ${line}`)
  }
  const late = await offerTo(paris, { expiresInSeconds: 1 })
  await sleep(1100)
  await assert.rejects(there.accept(late.pem, accepting()), /could be accepted until/)
})

test('who opened an offer cannot pass it on as one to somebody else', async () => {
  const rome = await authority.issue({ kind: 'client', name: 'rome' })
  const content = {
    ...{ version: 1 as const, id: 'a', name: 'turn', revision: 1, producer: from, value },
    ...{ audience: rome.fingerprint, createdAt: new Date().toISOString(), expiresAt: '2999-01-01T00:00:00Z' },
  }
  const recipient = readRecipient(paris.certificate, new Date())
  const passedOn = await encrypt(await sign(JSON.stringify(content), berlin), recipient)
  await assert.rejects(there.accept(passedOn, accepting()), /for another consumer/)
})

test('what is signed but no offer is refused', async () => {
  const recipient = readRecipient(paris.certificate, new Date())
  const whole: OfferContent = {
    ...{ version: 1, id: 'a', name: 'turn', revision: 1, producer: from, audience: paris.fingerprint, value },
    ...{ createdAt: new Date().toISOString(), expiresAt: '2999-01-01T00:00:00Z' },
  }
  const open = async (content: unknown) =>
    openOffer(await sealOffer(content as OfferContent, recipient, berlin), {
      ...accepting(),
      now: new Date(),
    })
  assert.equal((await open(whole)).name, 'turn')
  for (const change of [{ version: 2 }, { value: '' }, { revision: 'x' }, { expiresAt: 'soon' }, { valueExpiresAt: 1 }])
    await assert.rejects(open({ ...whole, ...change }), OfferRefusedError, JSON.stringify(change))
  await assert.rejects(open('text'), OfferRefusedError)
})

test('the name of another secret is not taken over', async () => {
  there.create('somebody', 'taken', { value: 'mine' })
  const { pem } = await offerTo(paris)
  await assert.rejects(there.accept(pem, { ...accepting(), name: 'taken' }), SecretConflictError)
  // Refused is not accepted: the same offer does under a free name.
  await there.accept(pem, { ...accepting(), name: 'free' })
})

test('the producer knows who can still accept what', async () => {
  const { id } = await offerTo(paris)
  const mine = store.describe('turn').offers.find((one) => one.id === id)
  assert.deepEqual([mine?.to, mine?.fingerprint], ['anbox:client/paris', paris.fingerprint])
})

for (const key of ['rsa-4096', 'ecdsa-p384'] satisfies KeyType[])
  test(`any party opens an offer to its ${key} certificate with openssl alone`, async () => {
    const party = await authority.issue({ kind: 'client', name: `party-${key}`, key })
    const { pem } = await offerTo(party)
    const path = (name: string) => join(base, name)
    writeFileSync(path('party.crt'), party.certificate)
    writeFileSync(path('party.key'), party.key, { mode: 0o600 })
    writeFileSync(path('root.crt'), authority.rootCertificate)
    const decrypted = ['cms', '-decrypt', '-inform', 'PEM', '-recip', path('party.crt'), '-inkey', path('party.key')]
    const verified = ['cms', '-verify', '-inform', 'DER', '-purpose', 'any', '-CAfile', path('root.crt')]
    const signed = execFileSync('openssl', decrypted, { input: pem })
    const text = execFileSync('openssl', verified, { input: signed, stdio: ['pipe', 'pipe', 'ignore'] }).toString()
    assert.equal(JSON.parse(text).value, `${value}-2`)
  })

test('nothing is offered to a CA or to an ended certificate', async () => {
  const ended = await authority.issue({
    kind: 'client',
    name: 'ended',
    notBefore: new Date(Date.now() - 7_200_000),
    notAfter: new Date(Date.now() - 3_600_000),
  })
  await assert.rejects(offerTo(ended), InvalidRequestError)
  await assert.rejects(store.offer('turn', { to: authority.rootCertificate, signer: berlin }), InvalidRequestError)
  await assert.rejects(store.offer('turn', { to: 'text', signer: berlin }), InvalidRequestError)
})
