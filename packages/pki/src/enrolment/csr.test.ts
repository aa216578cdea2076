// Requests and bags of certificates: openssl reads what we write, and we read what openssl writes.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { keyTypes, makeKey } from '../authority/key.ts'
import { createAuthority, TokenStore } from '../index.ts'
import { readCsr, writeCsr } from './csr.ts'
import { DerError, partsOf, readDer, tags } from './der.ts'
import { readCertificates, writeCertificates } from './pkcs7.ts'
import { provesPossession } from './possession.ts'

const test = suite('enrolment: encodings', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-csr-'))
test.after(() => rmSync(directory, { recursive: true }))
const openssl = (args: string[], input?: Buffer) =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] })

test('a request of ours proves possession to openssl, with every type of key', async () => {
  for (const type of keyTypes) {
    const key = await makeKey(type)
    const csr = readCsr(writeCsr(key))
    assert.equal(await provesPossession(csr), true)
    assert.ok(csr.publicKey.equals(createPublicKey(key)))
  }
})

test('the proof is that of the very key that was read', async () => {
  const [one, other] = [readCsr(writeCsr(await makeKey('ecdsa-p256'))), readCsr(writeCsr(await makeKey('ecdsa-p256')))]
  assert.equal(await provesPossession({ ...one, publicKey: other.publicKey }), false)
  const broken = Buffer.from(one.der)
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
  assert.throws(() => readCsr(broken), DerError)
  assert.equal(await provesPossession({ ...one, der: broken }), false)
})

test('keys that are weak, or not ours, are refused', () => {
  const request = (...newkey: string[]) =>
    openssl([
      'req',
      '-new',
      '-newkey',
      ...newkey,
      '-nodes',
      '-keyout',
      join(directory, 'k'),
      '-subj',
      '/CN=x',
      '-outform',
      'DER',
    ])
  const refused = (der: Buffer, reason: RegExp) =>
    assert.throws(() => readCsr(der), { name: 'DerError', message: reason })
  refused(request('rsa:2048'), /its key is not/)
  refused(request('rsa:4096', '-pkeyopt', 'rsa_keygen_pubexp:3'), /its key is not/)
  refused(request('ec', '-pkeyopt', 'ec_paramgen_curve:secp521r1'), /its key is not/)
  refused(request('ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-pkeyopt', 'ec_param_enc:explicit'), /./)
  refused(request('ed25519'), /not signed with ECDSA or RSA/)
  refused(request('ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-sha1'), /not signed with ECDSA or RSA and SHA-2/)
})

test('DER is read strictly', () => {
  const read = (hex: string) => partsOf(readDer(Buffer.from(hex, 'hex'), tags.sequence))
  assert.equal(read('3003020100').length, 1)
  const wrong = [
    ['', 'nothing'],
    ['30', 'no length'],
    ['300302010000', 'bytes behind the end'],
    ['3004020100', 'cut off'],
    ['30800201000000', 'indefinite length'],
    ['308103020100', 'a long form for a short length'],
    ['30820003020100', 'a leading zero in the length'],
    ['3084000000030201', 'a length of four octets'],
    ['30051f81010100', 'a tag of several octets'],
    ['3103020100', 'another tag'],
    [`3082030c${'0500'.repeat(390)}`, 'too many parts'],
  ] as const
  for (const [hex, why] of wrong) assert.throws(() => read(hex), DerError, why)
})

test('openssl reads a bag of ours, and we one of openssl', async () => {
  const authority = await createAuthority(join(directory, 'pki'), { key: 'ecdsa-p256' })
  const pems = [authority.chain('agents'), authority.rootCertificate]
  const text = openssl(['pkcs7', '-inform', 'DER', '-print_certs'], writeCertificates(pems.join(''))).toString()
  for (const pem of pems) assert.ok(text.includes(pem.trim()))
  const file = join(authority.directory, 'root/ca.crt')
  const bag = openssl(['crl2pkcs7', '-nocrl', '-certfile', file, '-outform', 'DER'])
  assert.deepEqual(readCertificates(bag).map(String), [authority.rootCertificate])
})

test('no way of printing a new token shows it', async () => {
  const made = await new TokenStore(join(directory, 'tokens')).create({ name: 'edge1' })
  for (const shown of [inspect(made), JSON.stringify(made), JSON.stringify({ ...made })]) {
    assert.ok(shown.includes('edge1'))
    assert.ok(!shown.includes(made.token))
  }
})
