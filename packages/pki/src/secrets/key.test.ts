import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { InvalidRequestError, SecretsDamagedError, UnsafeDirectoryError } from '../errors.ts'
import { openSecretKey } from './key.ts'

const test = suite('key of the secrets', { timeout: 30_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-secret-key-'))
test.after(() => rmSync(base, { recursive: true }))

test('a key file is made once, mode 0600, and the same key comes back', async () => {
  const file = join(base, 'keys', 'key')
  const keys = await Promise.all([1, 2, 3].map(() => openSecretKey({ file })))
  const sealed = keys[0]?.seal('label', 'text') ?? new Uint8Array()
  for (const key of keys) assert.equal(key.unseal('label', sealed), 'text')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(!inspect(keys, { showHidden: true, depth: 9 }).includes(readFileSync(file, 'utf8').trim().slice(0, 20)))
})

test('an open key file, a spoilt one and a missing one are refused', async () => {
  const file = join(base, 'open', 'key')
  await openSecretKey({ file })
  chmodSync(file, 0o644)
  await assert.rejects(openSecretKey({ file }), UnsafeDirectoryError)
  chmodSync(file, 0o600)
  writeFileSync(file, 'short')
  await assert.rejects(openSecretKey({ file }), SecretsDamagedError)
  await assert.rejects(openSecretKey({ file: join(base, 'none', 'key'), make: false }), InvalidRequestError)
})

test('what was sealed does not open changed, cut, or under another label', async () => {
  const key = await openSecretKey({ file: join(base, 'labels', 'key') })
  const sealed = key.seal('one', 'text')
  assert.notDeepEqual(sealed, key.seal('one', 'text'))
  assert.throws(() => key.unseal('two', sealed), SecretsDamagedError)
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed)
    changed[index] = (changed[index] ?? 0) ^ 1
    assert.throws(() => key.unseal('one', changed), SecretsDamagedError, `octet ${index}`)
    assert.throws(() => key.unseal('one', sealed.subarray(0, index)), SecretsDamagedError, `${index} octets`)
  }
})

test('systemd-creds keeps the key encrypted under the secret of this host', async () => {
  // The host's secret would be made in /var/lib/systemd; systemd lets it be elsewhere.
  const before = process.env.SYSTEMD_CREDENTIAL_SECRET
  process.env.SYSTEMD_CREDENTIAL_SECRET = join(base, 'host-secret')
  try {
    const credential = join(base, 'creds', 'key.cred')
    const key = await openSecretKey({ credential })
    const sealed = key.seal('label', 'text')
    assert.equal((await openSecretKey({ credential })).unseal('label', sealed), 'text')
    assert.equal(statSync(credential).mode & 0o777, 0o600)
    process.env.SYSTEMD_CREDENTIAL_SECRET = join(base, 'another-host')
    await assert.rejects(openSecretKey({ credential }), SecretsDamagedError)
  } finally {
    if (before === undefined) delete process.env.SYSTEMD_CREDENTIAL_SECRET
    else process.env.SYSTEMD_CREDENTIAL_SECRET = before
  }
})
