// Credentials in files: made once, finished when they were cut short, never replaced unasked.
import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, ensureCredential, loadCredential, saveCredential, verifyChain } from '../index.ts'

const test = suite('credentials', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-credentials-'))
test.after(() => rmSync(directory, { recursive: true }))
const authority = await createAuthority(join(directory, 'ours'), { key: 'ecdsa-p256' })
let counter = 0
const fresh = () => join(directory, `out-${counter++}`)
const request = { kind: 'client', name: 'ops' } as const

test('saved files load as the credential they are, the key for its owner only', async () => {
  const out = fresh()
  const credential = await authority.issue(request)
  const paths = await saveCredential(out, 'ops', credential)
  const loaded = await loadCredential(out, 'ops')
  assert.deepEqual(loaded, credential)
  assert.equal(loaded?.key, credential.key)
  assert.deepEqual(readdirSync(out).sort(), ['ca.crt', 'ops.crt', 'ops.key'])
  assert.equal(statSync(paths.key).mode & 0o777, 0o600)
  assert.equal(statSync(out).mode & 0o777, 0o700)
  assert.deepEqual(
    await verifyChain({
      certificate: readFileSync(paths.certificate, 'utf8'),
      root: readFileSync(paths.root, 'utf8'),
      purpose: 'client',
    }),
    { ok: true },
  )
})

test('a name that would leave the directory or hide the root, a foreign key, an open directory: refused', async () => {
  const credential = await authority.issue(request)
  for (const name of ['ca', '../ops', 'a/b', '.ops', ''])
    await assert.rejects(saveCredential(fresh(), name, credential), { code: 'invalid_request' })
  const { key } = await authority.issue(request)
  await assert.rejects(saveCredential(fresh(), 'ops', { ...credential, key }), { code: 'invalid_request' })
  const out = fresh()
  mkdirSync(out)
  chmodSync(out, 0o755)
  await assert.rejects(saveCredential(out, 'ops', credential), { code: 'unsafe_directory' })
  assert.deepEqual(readdirSync(out), [])
})

test('asking again keeps the key and the certificate', async () => {
  const out = fresh()
  const first = await ensureCredential(authority, out, request)
  const again = await ensureCredential(authority, out, request)
  assert.deepEqual([first.state, again.state], ['issued', 'kept'])
  assert.deepEqual(again.credential, first.credential)
})

test('a key without its certificate gets the certificate that was issued to it, or a new one', async () => {
  const out = fresh()
  const { credential, paths } = await ensureCredential(authority, out, request)
  const before = (await authority.list()).length
  rmSync(paths.certificate)
  const recorded = await ensureCredential(authority, out, request)
  assert.equal(recorded.state, 'completed')
  assert.deepEqual(recorded.credential, credential)
  assert.equal((await authority.list()).length, before)

  const other = fresh()
  mkdirSync(other, { mode: 0o700 })
  writeFileSync(join(other, 'new.key'), (await authority.issue({ kind: 'client', name: 'x' })).key, { mode: 0o600 })
  const completed = await ensureCredential(authority, other, { kind: 'client', name: 'new' })
  assert.equal(completed.state, 'completed')
  assert.ok(
    new X509Certificate(completed.credential.certificate).publicKey.equals(
      createPublicKey(readFileSync(join(other, 'new.key'), 'utf8')),
    ),
  )
})

test('what is there under other names, ended, of another root or without its key is not replaced unasked', async () => {
  const out = fresh()
  const server = { kind: 'server', name: 'edge', dns: ['edge.example'] } as const
  const { paths } = await ensureCredential(authority, out, server)
  await assert.rejects(ensureCredential(authority, out, { ...server, dns: ['other.example'] }), {
    code: 'credential_exists',
  })
  const past = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) }
  await ensureCredential(authority, out, { kind: 'client', name: 'ended', ...past })
  await assert.rejects(ensureCredential(authority, out, { kind: 'client', name: 'ended' }), {
    code: 'credential_exists',
    message: /ended on/,
  })
  const other = await createAuthority(join(directory, 'theirs'), { key: 'ecdsa-p256' })
  await assert.rejects(ensureCredential(other, out, { kind: 'client', name: 'theirs' }), {
    code: 'credential_exists',
    message: /another authority/,
  })
  await assert.rejects(
    ensureCredential(authority, out, { ...request, key: 'ecdsa-p384', name: 'typed' }).then(() => {
      rmSync(join(out, 'typed.crt'))
      return ensureCredential(authority, out, { ...request, key: 'ecdsa-p256', name: 'typed' })
    }),
    { code: 'credential_exists', message: /is not ecdsa-p256/ },
  )
  rmSync(paths.key)
  await assert.rejects(ensureCredential(authority, out, server), {
    code: 'credential_exists',
    message: /without its key/,
  })
  assert.equal((await ensureCredential(authority, out, server, { replace: true })).state, 'issued')
})

test('replacing makes a new key', async () => {
  const out = fresh()
  const first = await ensureCredential(authority, out, request)
  const second = await ensureCredential(authority, out, request, { replace: true })
  assert.notEqual(second.credential.key, first.credential.key)
  assert.equal((await loadCredential(out, 'ops'))?.fingerprint, second.credential.fingerprint)
})

test('a replacement cut short between key and certificate is no credential, and is finished with the new key', async () => {
  const out = fresh()
  const { paths } = await ensureCredential(authority, out, request)
  const key = (await authority.issue({ kind: 'client', name: 'x' })).key
  writeFileSync(paths.key, key)
  assert.equal(await loadCredential(out, 'ops'), undefined)
  const { state, credential } = await ensureCredential(authority, out, request)
  assert.equal(state, 'completed')
  assert.equal(credential.key, key)
})

test('many at once end up with one key and a certificate that fits it', async () => {
  const out = fresh()
  const all = await Promise.all(Array.from({ length: 8 }, () => ensureCredential(authority, out, request)))
  assert.equal(new Set(all.map(({ credential }) => credential.key)).size, 1)
  assert.equal((await loadCredential(out, 'ops'))?.key, all[0]?.credential.key)
  assert.deepEqual(readdirSync(out).sort(), ['ca.crt', 'ops.crt', 'ops.key'])
})
