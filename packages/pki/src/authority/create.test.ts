// One directory holds one authority: whoever creates it again, at the same time, or after a part of it was lost.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, openAuthority, purposes, verifyChain } from '../index.ts'

const test = suite('createAuthority', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-create-'))
test.after(() => rmSync(directory, { recursive: true }))
let counter = 0
const fresh = () => join(directory, `authority-${counter++}`)
const key = 'ecdsa-p256'

function contents(root: string): Record<string, string> {
  const names = globSync('**', { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    names
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(root.length + 1), readFileSync(path, 'utf8')]),
  )
}

function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to])
}

const auditFiles = ['audit.key', 'audit.log', 'audit.seal', 'lock']
/** In an order in which they may be written. */
const files = [
  ...['authority.json', 'root/ca.key', 'root/ca.crt'],
  ...purposes.flatMap((purpose) => [`${purpose}/ca.key`, `${purpose}/ca.crt`]),
]

test('keys have mode 0600 in directories of mode 0700, whatever the umask', async () => {
  const [path, before] = [fresh(), process.umask(0)]
  try {
    const authority = await createAuthority(path, { key })
    await authority.issue({ kind: 'client', name: 'a' })
  } finally {
    process.umask(before)
  }
  const mode = (name: string) => (statSync(join(path, name)).mode & 0o777).toString(8)
  for (const name of ['', 'root', ...purposes.flatMap((one) => [one, `${one}/issued`, `${one}/revoked`])])
    assert.equal(mode(name), '700', name)
  for (const name of files.filter((name) => name.endsWith('.key'))) assert.equal(mode(name), '600', name)
})

test('creating again opens what is there and changes no byte', async () => {
  const path = fresh()
  const first = await createAuthority(path, { key, name: 'Lab' })
  const before = contents(path)
  assert.deepEqual(Object.keys(before).sort(), [...files, ...auditFiles].sort())
  const made: string[] = []
  for (const options of [{}, { key }, { name: 'Lab' }] as const) {
    const again = await createAuthority(path, { ...options, onKey: (ca) => made.push(ca) })
    assert.equal(again.rootCertificate, first.rootCertificate)
    assert.equal(again.keyType, key)
  }
  assert.deepEqual(contents(path), before)
  assert.deepEqual(made, [])
})

test('another name or type of key than the one there is refused', async () => {
  const path = fresh()
  await createAuthority(path, { key })
  const before = contents(path)
  await assert.rejects(createAuthority(path, { name: 'Other' }), { code: 'authority_conflict' })
  await assert.rejects(createAuthority(path, { key: 'rsa-4096' }), { code: 'authority_conflict' })
  assert.deepEqual(contents(path), before)
})

test('a creation cut short after any of its files goes on with them', async () => {
  const whole = fresh()
  await createAuthority(whole, { key, name: 'Lab' })
  for (let kept = 0; kept < files.length; kept += 1) {
    const path = fresh()
    copy(whole, path)
    for (const name of files.slice(kept)) rmSync(join(path, name))
    const before = contents(path)
    await assert.rejects(openAuthority(path), { code: 'authority_missing' })
    const authority = await createAuthority(path, { key })
    const after = contents(path)
    for (const [name, text] of Object.entries(before))
      if (!auditFiles.includes(name)) assert.equal(after[name], text, `${name} with ${kept} files`)
    assert.deepEqual(Object.keys(after).sort(), [...files, ...auditFiles].sort())
    assert.equal(authority.name, kept === 0 ? 'Anbox Edge' : 'Lab')
    const issued = await authority.issue({ kind: 'client', name: 'a' })
    assert.deepEqual(await verifyChain({ ...issued, purpose: 'client' }), { ok: true })
  }
})

test('many creations at once make one authority', async () => {
  for (let round = 0; round < 5; round += 1) {
    const path = fresh()
    const all = await Promise.all(Array.from({ length: 8 }, () => createAuthority(path, { key })))
    assert.equal(new Set(all.map((one) => one.rootCertificate + one.chain())).size, 1)
    assert.deepEqual(Object.keys(contents(path)).sort(), [...files, ...auditFiles].sort())
  }
})

test('of two creations at once with different names one is refused', async () => {
  const path = fresh()
  const names = ['One', 'Two']
  const results = await Promise.allSettled(names.map((name) => createAuthority(path, { key, name })))
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.ok(names.includes((await openAuthority(path)).name))
})

test('the root key may be kept elsewhere', async () => {
  const path = fresh()
  await createAuthority(path, { key })
  rmSync(join(path, 'root/ca.key'))
  const authority = await createAuthority(path)
  assert.ok(!existsSync(join(path, 'root/ca.key')))
  const issued = await authority.issue({ kind: 'client', name: 'a' })
  assert.deepEqual(await verifyChain({ ...issued, purpose: 'client' }), { ok: true })
})

test('an authority of version 0.1 is completed, and stays usable where the root key is elsewhere', async () => {
  const whole = fresh()
  const { serial } = await (await createAuthority(whole, { key, purposes: ['control'] })).issue({
    kind: 'client',
    name: 'a',
  })
  writeFileSync(join(whole, 'authority.json'), `${JSON.stringify({ version: 1, name: 'Anbox Edge', key })}\n`)
  for (const name of ['audit.log', 'audit.key', 'audit.seal', 'lock']) rmSync(join(whole, name))
  const [old, offline] = [fresh(), fresh()]
  for (const path of [old, offline]) copy(whole, path)
  const completed = await createAuthority(old)
  assert.deepEqual([completed.purposes, (await completed.list())[0]?.serial], [[...purposes], serial])
  assert.deepEqual((await completed.verifyAudit()).problems, [])
  rmSync(join(offline, 'root/ca.key'))
  const kept = await createAuthority(offline)
  assert.deepEqual(kept.purposes, ['control'])
  await kept.issue({ kind: 'client', name: 'b' })
  await assert.rejects(kept.issue({ purpose: 'etcd', kind: 'client', name: 'b' }), { code: 'authority_missing' })
  await assert.rejects(createAuthority(offline, { purposes: ['etcd'] }), { code: 'root_offline' })
  assert.deepEqual((await openAuthority(offline)).purposes, ['control'])
})

test('nothing is made anew in place of what was lost or spoilt', async () => {
  const whole = fresh()
  const other = fresh()
  await createAuthority(other, { key })
  await (await createAuthority(whole, { key })).issue({ kind: 'client', name: 'a' })
  const spoil: Record<string, (path: string) => void> = {
    'root certificate lost': (path) => rmSync(join(path, 'root/ca.crt')),
    'root lost': (path) => rmSync(join(path, 'root'), { recursive: true }),
    'intermediate certificate lost': (path) => rmSync(join(path, 'control/ca.crt')),
    'intermediate key of another': (path) => cpSync(join(other, 'control/ca.key'), join(path, 'control/ca.key')),
    'intermediate of another': (path) => cpSync(join(other, 'control'), join(path, 'control'), { recursive: true }),
    'root key empty': (path) => writeFileSync(join(path, 'root/ca.key'), ''),
    'certificate no certificate': (path) => writeFileSync(join(path, 'control/ca.crt'), 'x'),
    'settings no settings': (path) => writeFileSync(join(path, 'authority.json'), '{}'),
  }
  for (const [what, change] of Object.entries(spoil)) {
    const path = fresh()
    copy(whole, path)
    change(path)
    const before = contents(path)
    await assert.rejects(createAuthority(path, { key }), { code: 'authority_damaged' }, what)
    assert.deepEqual(contents(path), before, what)
  }
  const path = fresh()
  copy(whole, path)
  rmSync(join(path, 'control/ca.key'))
  const authority = await createAuthority(path)
  await assert.rejects(authority.issue({ kind: 'client', name: 'b' }), {
    code: 'authority_damaged',
    message: /control\/ca\.key/,
  })
})

test('a directory that others may enter is refused and left as it is', async () => {
  const path = fresh()
  mkdirSync(path)
  chmodSync(path, 0o750)
  await assert.rejects(createAuthority(path, { key }), { code: 'unsafe_directory', message: /mode 0750/ })
  assert.deepEqual(contents(path), {})
  assert.equal(statSync(path).mode & 0o777, 0o750)
  const made = fresh()
  await createAuthority(made, { key })
  chmodSync(made, 0o701)
  await assert.rejects(openAuthority(made), { code: 'unsafe_directory' })
})

test('a directory that is a file, and a name or type that cannot be, are refused', async () => {
  const path = fresh()
  writeFileSync(path, '')
  await assert.rejects(createAuthority(path, { key }), /EEXIST|ENOTDIR/)
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(41), 'a/b'])
    await assert.rejects(createAuthority(fresh(), { key, name }), { code: 'invalid_request' })
  await assert.rejects(createAuthority(fresh(), { key: 'rsa-1024' as 'rsa-4096' }), { code: 'invalid_request' })
})

test('what a killed writer left is removed once it is old, and no other file', async () => {
  const path = fresh()
  await createAuthority(path, { key })
  const leftovers = ['.', 'root', 'control', 'control/issued'].map((name) =>
    join(path, name, '.anbox-pki-0123456789abcdef.tmp'),
  )
  const mine = join(path, 'root/.notes.tmp')
  for (const file of [...leftovers, mine]) {
    writeFileSync(file, 'x')
    utimesSync(file, new Date(0), new Date(0))
  }
  const live = join(path, 'root/.anbox-pki-fedcba9876543210.tmp')
  writeFileSync(live, 'x')
  await createAuthority(path)
  assert.deepEqual([...leftovers, mine, live].filter(existsSync), [mine, live])
})

test('an ended authority signs nothing', async () => {
  const path = fresh()
  const authority = await createAuthority(path, { key })
  const { Authority } = await import('./authority.ts')
  const { keyFromPem } = await import('./key.ts')
  const { buildCertificate, makeSerial } = await import('./certificate.ts')
  const signer = keyFromPem(readFileSync(join(path, 'root/ca.key'), 'utf8'))
  const control = keyFromPem(readFileSync(join(path, 'control/ca.key'), 'utf8'))
  const subject = { organization: 'x', commonName: 'x' }
  const times = { notBefore: new Date(0), notAfter: new Date(86_400_000) }
  const certificate = await buildCertificate(
    { subject, publicKey: control, serial: makeSerial(), ...times, use: { pathLength: 0 } },
    { key: signer, certificate: authority.rootCertificate },
  )
  const ended = new Authority(
    path,
    { version: 1, name: 'x', key },
    {
      root: { certificate: authority.rootCertificate },
      intermediates: new Map([['control', { certificate, key: control }]]),
      anchors: authority.rootCertificate,
      trusted: new Map(),
      beside: new Map(),
    },
  )
  await assert.rejects(ended.issue({ kind: 'client', name: 'a' }), { code: 'authority_expired' })
})

test('a moved directory is the same authority', async () => {
  const [from, to] = [fresh(), fresh()]
  const { fingerprint256 } = new X509Certificate((await createAuthority(from, { key })).rootCertificate)
  renameSync(from, to)
  assert.equal(new X509Certificate((await openAuthority(to)).rootCertificate).fingerprint256, fingerprint256)
})
