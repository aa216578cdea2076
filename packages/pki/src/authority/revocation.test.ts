// Revoked certificates, and the lists that name them as OpenSSL reads them.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, openAuthority, purposes, verifyChain } from '../index.ts'

const test = suite('revocation', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-revocation-'))
test.after(() => rmSync(directory, { recursive: true }))
const path = join(directory, 'pki')
const authority = await createAuthority(path, { key: 'ecdsa-p256' })

/** What OpenSSL reads in a list, its signature checked with the certificate of its CA. */
function read(crl: string, ca: string): string {
  const file = join(directory, 'ca.pem')
  writeFileSync(file, ca)
  const said = execFileSync('openssl', ['crl', '-noout', '-text', '-CAfile', file, '-verify'], {
    input: crl,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  return said.replace(/\n\s+/g, '\n')
}
const numberOf = (crl: string) => Number(/CRL Number: ?\n(\d+)\n/.exec(read(crl, authority.chain()))?.[1])

test('every purpose has a list that its own intermediate signed, good for seven days', async () => {
  for (const purpose of purposes) {
    const said = read(await authority.crl(purpose), authority.chain(purpose))
    assert.match(said, /Version 2 \(0x1\)/)
    assert.match(said, /No Revoked Certificates/)
    assert.match(said, /Authority Key Identifier/)
    const next = new Date(/Next Update: (.*)/.exec(said)?.[1] ?? '')
    assert.ok(Math.abs(next.getTime() - Date.now() - 7 * 86_400_000) < 60_000)
  }
})

test('a revoked certificate is on the list with its reason, and refused with it', async () => {
  const good = await authority.issue({ kind: 'client', name: 'good' })
  const bad = await authority.issue({ kind: 'client', name: 'bad' })
  const before = await authority.crl()
  const at = new Date()
  const revocation = await authority.revoke(bad.serial, 'keyCompromise')
  assert.deepEqual(
    [revocation.name, revocation.serial, revocation.fingerprint, revocation.reason, revocation.purpose],
    ['bad', bad.serial, bad.fingerprint, 'keyCompromise', 'control'],
  )
  assert.ok(Math.abs(revocation.revokedAt.getTime() - at.getTime()) < 10_000)
  const crl = await authority.crl()
  assert.equal(readFileSync(join(path, 'control/crl.pem'), 'utf8'), crl)
  assert.ok(numberOf(crl) > numberOf(before))
  const said = read(crl, authority.chain())
  assert.match(said, new RegExp(`Serial Number: ${bad.serial.toUpperCase()}\\n`))
  assert.match(said, /Reason Code: ?\nKey Compromise/)
  assert.ok(!said.includes(good.serial.toUpperCase()))
  assert.deepEqual(await verifyChain({ ...good, purpose: 'client', crls: [crl] }), { ok: true })
  assert.deepEqual(await verifyChain({ ...bad, purpose: 'client', crls: [crl] }), {
    ok: false,
    reason: 'certificate revoked',
  })
  assert.deepEqual(await verifyChain({ ...bad, purpose: 'client', crls: [before] }), { ok: true })
})

test('without a list of the issuer, or with one that is out of date, there is no trust', async () => {
  const issued = await authority.issue({ kind: 'client', name: 'a' })
  const reasonFor = async (crls: string[], at?: Date) => {
    const verdict = await verifyChain({ ...issued, purpose: 'client', crls, at })
    return verdict.ok ? 'ok' : verdict.reason
  }
  assert.match(await reasonFor([]), /unable to get certificate CRL/)
  assert.match(await reasonFor([await authority.crl('etcd')]), /unable to get certificate CRL/)
  assert.match(await reasonFor([await authority.crl()], new Date(Date.now() + 8 * 86_400_000)), /CRL has expired/)
  const changed = (await authority.crl()).replace(/.{8}\n-----END/, 'AAAAAAAA\n-----END')
  assert.notEqual(await reasonFor([changed]), 'ok')
  await assert.rejects(verifyChain({ ...issued, purpose: 'client', crls: ['x'] }), { code: 'invalid_request' })
})

test('revoking again changes nothing; what was never issued cannot be revoked', async () => {
  const issued = await authority.issue({ kind: 'client', name: 'twice', purpose: 'agents' })
  const first = await authority.revoke(issued.fingerprint, 'superseded')
  const again = await authority.revoke(issued.serial.match(/../g)?.join(':') ?? '', 'keyCompromise')
  assert.deepEqual(again, first)
  await assert.rejects(authority.revoke('00'.repeat(16)), { code: 'certificate_unknown' })
  await assert.rejects(authority.revoke('00'.repeat(32)), { code: 'certificate_unknown' })
  await assert.rejects(authority.revoke('../x'), { code: 'invalid_request' })
  await assert.rejects(authority.revoke(issued.serial, 'certificateHold' as 'unspecified'), { code: 'invalid_request' })
})

test('what one process revokes another one knows at once', async () => {
  const issued = await authority.issue({ kind: 'client', name: 'shared' })
  const other = await openAuthority(path)
  assert.equal(await other.isRevoked(issued.fingerprint), false)
  await authority.revoke(issued.serial)
  assert.equal(await other.isRevoked(issued.fingerprint), true)
  assert.match(read(await other.crl(), other.chain()), new RegExp(issued.serial.toUpperCase()))
  const [listed] = (await other.list()).filter(({ name }) => name === 'shared')
  assert.equal(listed?.revoked?.reason, 'unspecified')
})

test('numbers only rise, also when many ask at once and after an old directory was put back', async () => {
  const others = await Promise.all(Array.from({ length: 4 }, () => openAuthority(path)))
  const crls = await Promise.all(others.flatMap((one) => [one.crl('control', { renew: true }), one.crl()]))
  const numbers = crls.map(numberOf)
  assert.ok(new Set(numbers).size >= 4)
  const highest = Math.max(...numbers)
  assert.ok(numberOf(await authority.crl('control', { renew: true })) > highest)
  writeFileSync(join(path, 'control/crl-number'), '1\n')
  assert.ok(numberOf(await authority.crl('control', { renew: true })) >= Math.floor(Date.now() / 1000) - 1)
})

test('a revoked certificate is not given out again to who lost it', async () => {
  const { createPublicKey } = await import('node:crypto')
  const issued = await authority.issue({ kind: 'client', name: 'lost' })
  const names = authority.check({ kind: 'client', name: 'lost' })
  const key = createPublicKey(issued.key)
  assert.equal((await authority.recorded(names, key))?.serial, issued.serial)
  await authority.revoke(issued.serial)
  assert.equal(await authority.recorded(names, key), undefined)
})
