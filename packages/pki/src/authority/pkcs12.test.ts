// PKCS#12 files, read by OpenSSL.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { suite } from '@anbox/harness'
import { createAuthority, exportPkcs12 } from '../index.ts'
import { splitPem } from './certificate.ts'
import { keyTypes } from './key.ts'

const test = suite('pkcs12', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-pkcs12-'))
test.after(() => rmSync(directory, { recursive: true }))
const authority = await createAuthority(directory, { key: 'ecdsa-p256' })

function read(file: Buffer, password: string, ...args: string[]): string {
  const env = { ...process.env, PKCS12_PASSWORD: password }
  return execFileSync('openssl', ['pkcs12', '-passin', 'env:PKCS12_PASSWORD', '-nodes', ...args], {
    input: file,
    env,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
}

test('holds key, certificate, chain and root, for every type of key', async () => {
  for (const key of keyTypes) {
    const issued = await authority.issue({ kind: 'client', name: 'ops', key })
    const file = await exportPkcs12({
      certificate: issued.certificate,
      root: issued.root,
      key: issued.key,
      password: 'secret',
      name: 'ops',
    })
    const text = read(file, 'secret')
    const fingerprints = (pem: string) => splitPem(pem).map((one) => new X509Certificate(one).fingerprint256)
    assert.deepEqual(fingerprints(text), fingerprints(issued.certificate + issued.root))
    assert.ok(createPrivateKey(text.slice(text.indexOf('-----BEGIN PRIVATE KEY'))).equals(createPrivateKey(issued.key)))
    assert.match(text, /friendlyName: ops/)
    createSecureContext({ pfx: file, passphrase: 'secret' })
  }
})

test('OpenSSL pairs the key with the leaf, not with its issuers', async () => {
  const issued = await authority.issue({ kind: 'client', name: 'ops' })
  const file = await exportPkcs12({
    certificate: issued.certificate,
    root: issued.root,
    key: issued.key,
    password: 'secret',
  })
  assert.deepEqual(splitPem(read(file, 'secret', '-clcerts', '-nokeys')), splitPem(issued.certificate).slice(0, 1))
  assert.equal(splitPem(read(file, 'secret', '-cacerts', '-nokeys')).length, 2)
})

test('the password may be in any script; a wrong one opens nothing', async () => {
  const issued = await authority.issue({ kind: 'client', name: 'ops' })
  for (const password of ['pässwörd', 'пароль', '密码🔑', ' ']) {
    const file = await exportPkcs12({ certificate: issued.certificate, key: issued.key, password })
    assert.match(read(file, password), /BEGIN PRIVATE KEY/)
    assert.throws(() => read(file, `${password}x`))
  }
})

test('the key is nowhere in the file without the password', async () => {
  const { certificate, key } = await authority.issue({ kind: 'client', name: 'ops' })
  const file = await exportPkcs12({ certificate, key, password: 'secret' })
  const secret = Buffer.from(createPrivateKey(key).export({ format: 'jwk' }).d ?? '', 'base64url')
  assert.ok(secret.length === 32 && !file.includes(secret))
  const { stderr } = spawnSync('openssl', ['pkcs12', '-info', '-noout', '-passin', 'pass:secret'], {
    input: file,
    encoding: 'utf8',
  })
  assert.match(stderr, /MAC: sha256, Iteration 100000/)
  assert.match(stderr, /PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/)
})

test('an empty password and a key of another certificate are refused', async () => {
  const [one, other] = [
    await authority.issue({ kind: 'client', name: 'a' }),
    await authority.issue({ kind: 'client', name: 'b' }),
  ]
  await assert.rejects(exportPkcs12({ certificate: one.certificate, key: one.key, password: '' }), {
    code: 'invalid_request',
  })
  await assert.rejects(exportPkcs12({ certificate: one.certificate, key: other.key, password: 'secret' }), {
    code: 'invalid_request',
  })
})
