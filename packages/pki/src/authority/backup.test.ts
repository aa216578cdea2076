// A backup holds all of an authority, opens to nobody else, and comes back whole or not at all.
import assert from 'node:assert/strict'
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { backupAuthority, createAuthority, openAuthority, restoreAuthority, verifyChain } from '../index.ts'
import { keyFromPem, keyTypes } from './key.ts'

const test = suite('backup', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-backup-'))
test.after(() => rmSync(directory, { recursive: true }))
const passphrase = 'correct horse battery'
const pki = join(directory, 'pki')
const authority = await createAuthority(pki, { key: 'ecdsa-p256' })
const server = await authority.issue({ kind: 'server', name: 'edge1', dns: ['edge1.example'] })
await authority.revoke((await authority.issue({ kind: 'client', name: 'bad' })).serial)
// A passphrase costs half a second each time.
const keeper = await authority.issue({ kind: 'client', name: 'keeper' })
const [lock, opener] = [{ certificate: keeper.certificate }, { key: keyFromPem(keeper.key) }]
let counter = 0
const fresh = (what: string) => join(directory, `${what}-${counter++}`)

function contents(root: string): Record<string, [string, number]> {
  const files = globSync('**', { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.endsWith('/lock'))
  return Object.fromEntries(
    paths.sort().map((path) => [path.slice(root.length + 1), [readFileSync(path, 'hex'), statSync(path).mode]]),
  )
}

test('what is restored is what was backed up, byte for byte and mode for mode', async () => {
  const file = fresh('backup')
  const made = await backupAuthority(authority, file, { passphrase })
  assert.deepEqual([made.rootKey, statSync(file).mode & 0o777], [true, 0o600])
  const before = contents(pki)
  assert.equal(made.files, Object.keys(before).length)
  const target = fresh('restored')
  const restored = await restoreAuthority(file, target, { passphrase })
  const after = contents(target)
  for (const name of ['audit.log', 'audit.seal']) {
    delete before[name]
    delete after[name]
  }
  assert.deepEqual(after, before)
  assert.equal((await restored.list()).length, 3)
  const crls = [await restored.crl()]
  assert.deepEqual(await verifyChain({ ...server, purpose: 'server', crls }), { ok: true })
  const actions: string[] = []
  for await (const { action } of restored.audit.entries()) actions.push(action)
  assert.deepEqual(actions.slice(-2), ['backup', 'restore'])
  assert.deepEqual((await restored.verifyAudit()).problems, [])
})

test('lists that a restored authority signs come after those from before', async () => {
  const file = fresh('backup')
  await backupAuthority(authority, file, lock)
  for (let n = 0; n < 3; n += 1) await authority.crl('control', { renew: true })
  const numberOf = (path: string) => Number(readFileSync(join(path, 'control/crl-number'), 'utf8'))
  const before = numberOf(pki)
  await new Promise((resolve) => setTimeout(resolve, 3_100))
  const target = fresh('restored')
  await (await restoreAuthority(file, target, opener)).crl()
  assert.ok(numberOf(target) > before)
})

test('a certificate of every type can be the one it is encrypted to', async () => {
  for (const key of keyTypes) {
    const keeper = await authority.issue({ kind: 'client', name: 'keeper', key })
    const file = fresh('backup')
    await backupAuthority(authority, file, { certificate: keeper.certificate })
    const restored = await restoreAuthority(file, fresh('restored'), { key: keyFromPem(keeper.key) })
    assert.equal(restored.rootCertificate, authority.rootCertificate)
    await assert.rejects(restoreAuthority(file, fresh('no'), { passphrase }), { code: 'backup_refused' })
    const other = await authority.issue({ kind: 'client', name: 'other', key })
    await assert.rejects(restoreAuthority(file, fresh('no'), { key: keyFromPem(other.key) }), {
      code: 'backup_refused',
    })
  }
})

test('a wrong passphrase opens nothing, a short one closes nothing', async () => {
  const file = fresh('backup')
  await backupAuthority(authority, file, { passphrase })
  const target = fresh('no')
  await assert.rejects(restoreAuthority(file, target, { passphrase: `${passphrase}!` }), { code: 'backup_refused' })
  assert.ok(!readdirSync(directory).some((name) => name.startsWith(target)))
  const short = fresh('short')
  await assert.rejects(backupAuthority(authority, short, { passphrase: 'short' }), { code: 'invalid_request' })
  await assert.rejects(backupAuthority(authority, short, { certificate: 'x' }), { code: 'invalid_request' })
  assert.throws(() => statSync(short))
})

test('a changed, cut or foreign file is refused and leaves nothing', { timeout: 120_000 }, async () => {
  const file = fresh('backup')
  await backupAuthority(authority, file, lock)
  const whole = readFileSync(file)
  assert.ok(!whole.includes('PRIVATE KEY'))
  const wrong = [Buffer.alloc(0), Buffer.from('anbox-pki-backup 1\n{}\n'), whole.subarray(0, -1), whole.subarray(1)]
  for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 60)) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] ?? 0) ^ 1
    wrong.push(changed)
  }
  const before = readdirSync(directory).length
  const spoilt = fresh('spoilt')
  for (const bytes of wrong) {
    writeFileSync(spoilt, bytes)
    await assert.rejects(restoreAuthority(spoilt, fresh('no'), opener), { code: 'backup_refused' })
  }
  assert.equal(readdirSync(directory).length, before + 1)
})

test('neither a file nor a directory that is there is replaced', async () => {
  const file = fresh('backup')
  await backupAuthority(authority, file, lock)
  await assert.rejects(backupAuthority(authority, file, lock), { code: 'authority_conflict' })
  await backupAuthority(authority, file, lock, { replace: true })
  await assert.rejects(restoreAuthority(file, pki, opener), { code: 'authority_conflict' })
  const empty = fresh('empty')
  mkdirSync(empty, { mode: 0o700 })
  assert.equal((await restoreAuthority(file, empty, opener)).name, authority.name)
})

test('a backup that is made while certificates are issued is whole', async () => {
  const file = fresh('backup')
  const issuing = Promise.all(
    Array.from({ length: 30 }, (_, n) => authority.issue({ kind: 'client', name: `n${n}`, purpose: 'agents' })),
  )
  await backupAuthority(authority, file, lock)
  await issuing
  const restored = await restoreAuthority(file, fresh('restored'), opener)
  assert.deepEqual((await restored.verifyAudit()).problems, [])
})

test('a backup of a spoilt audit log is not put back as if it were whole', async () => {
  const path = fresh('spoilt')
  const own = await createAuthority(path, { key: 'ecdsa-p256', purposes: ['control'] })
  const file = fresh('backup')
  await own.issue({ kind: 'client', name: 'a' })
  const log = join(path, 'audit.log')
  writeFileSync(log, readFileSync(log, 'utf8').replace('"issue"', '"isSue"'))
  await backupAuthority(await openAuthority(path), file, lock)
  await assert.rejects(restoreAuthority(file, fresh('no'), opener), {
    code: 'backup_refused',
    message: /audit log/,
  })
})
