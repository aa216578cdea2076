// Which roots a machine takes over from its server while roots are changed.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { loadCa } from '../authority/ca.ts'
import { buildCertificate, makeSerial } from '../authority/certificate.ts'
import { makeKey } from '../authority/key.ts'
import { createAuthority, purposes } from '../index.ts'
import { rootsOf } from './roots.ts'

const test = suite('enrolment: roots')
const directory = mkdtempSync(join(tmpdir(), 'pki-roots-'))
test.after(() => rmSync(directory, { recursive: true }))

const organization = 'Anbox Edge'
const commonNameOf = (pem: string) => /^CN=(.*)$/m.exec(new X509Certificate(pem).subject)?.[1] ?? ''
const content = (commonName: string, publicKey: Awaited<ReturnType<typeof makeKey>>, pathLength: number) => ({
  subject: { organization, commonName },
  publicKey,
  serial: makeSerial(),
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + 86_400_000),
  use: { pathLength },
})
const parse = (...pems: string[]) => pems.map((pem) => new X509Certificate(pem))

test('a root that the trusted one certified is taken over, and no other', async () => {
  const authority = await createAuthority(directory, { key: 'ecdsa-p256' })
  const old = authority.rootCertificate
  const { key } = (await loadCa(join(directory, 'root'))) ?? {}
  assert.ok(key)
  const nextKey = await makeKey('ecdsa-p256')
  const next = await buildCertificate(content('next root', nextKey, 2), { key: nextKey })
  const cross = await buildCertificate(content('next root', nextKey, 2), { key, certificate: old })
  assert.equal(rootsOf(parse(old, next, cross), old), old + next)
  assert.equal(rootsOf(parse(old, next), old), old, 'without the old one having certified it')
  assert.equal(rootsOf(parse(next, cross), old), next, 'the old one is dropped')
  assert.equal(rootsOf(parse(), old), old)
})

test('who has the key of an intermediate does not make a root of it', async () => {
  const authority = await createAuthority(directory)
  const old = authority.rootCertificate
  for (const purpose of purposes) {
    const intermediate = readFileSync(join(directory, purpose, 'ca.crt'), 'utf8')
    const { key } = (await loadCa(join(directory, purpose))) ?? {}
    assert.ok(key)
    const own = await buildCertificate(content(commonNameOf(intermediate), key, 2), { key })
    assert.equal(rootsOf(parse(old, own, intermediate), old), old, purpose)
    assert.equal(rootsOf(parse(own, intermediate), old), old, purpose)
  }
})

test('nor does who has an intermediate without a profile', async () => {
  const authority = await createAuthority(directory)
  const old = authority.rootCertificate
  const { key } = (await loadCa(join(directory, 'root'))) ?? {}
  assert.ok(key)
  const lowerKey = await makeKey('ecdsa-p256')
  const lower = await buildCertificate(content('plain', lowerKey, 0), { key, certificate: old })
  const own = await buildCertificate(content('plain', lowerKey, 2), { key: lowerKey })
  assert.equal(rootsOf(parse(old, own, lower), old), old)
})
