// The audit log notices what was done to it.
import assert from 'node:assert/strict'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, openAuthority } from '../index.ts'
import { AuditLog } from './audit.ts'
import type { AuditRecord } from './audit-line.ts'

const test = suite('audit log', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-audit-'))
test.after(() => rmSync(directory, { recursive: true }))
let counter = 0
const fresh = () => mkdtempSync(join(directory, `log-${counter++}-`))

async function ten(): Promise<{ path: string; log: AuditLog; file: string }> {
  const path = fresh()
  const log = new AuditLog(path)
  for (let n = 0; n < 10; n += 1) await log.append({ action: 'test', subject: `subject ${n}`, n })
  return { path, log, file: join(path, 'audit.log') }
}
async function read(log: AuditLog): Promise<AuditRecord[]> {
  const records: AuditRecord[] = []
  for await (const record of log.entries()) records.push(record)
  return records
}

test('every line says what, to whom, when and by whom, and the log begins with its beginning', async () => {
  const { log } = await ten()
  const records = await read(log)
  assert.deepEqual(
    records.map(({ line }) => line),
    Array.from({ length: 11 }, (_, n) => n + 1),
  )
  assert.deepEqual([records[0]?.action, records[0]?.issued], ['begin', []])
  const last = records.at(-1)
  assert.deepEqual([last?.action, last?.subject, last?.n], ['test', 'subject 9', 9])
  assert.ok(last?.by && Math.abs(Date.parse(last.at) - Date.now()) < 10_000)
  const { ok, lines, hash, problems } = await log.verify()
  assert.deepEqual([ok, lines, problems], [true, 11, []])
  assert.match(hash, /^[0-9a-f]{64}$/)
})

test('a line that was changed, removed, added or moved is noticed, wherever it is', async () => {
  const { path, file } = await ten()
  const all = readFileSync(file, 'utf8').trimEnd().split('\n')
  const spoil: Record<string, (line: number) => string[]> = {
    changed: (n) => all.map((line, index) => (index === n ? line.replace('"subject"', '"Subject"') : line)),
    removed: (n) => all.filter((_, index) => index !== n),
    added: (n) => all.toSpliced(n, 0, all[n] ?? ''),
    moved: (n) => all.toSpliced(n, 1).toSpliced((n + 4) % 10, 0, all[n] ?? ''),
    'signature changed': (n) => all.map((line, index) => (index === n ? line.replace(/.{4}"\}$/, 'AAAA"}') : line)),
  }
  for (const [what, change] of Object.entries(spoil)) {
    for (let line = 0; line < all.length; line += 1) {
      writeFileSync(file, `${change(line).join('\n')}\n`)
      const { ok, problems } = await new AuditLog(path).verify()
      assert.ok(!ok && problems.length > 0, `line ${line} ${what}`)
    }
  }
  writeFileSync(file, `${all.join('\n')}\n`)
  assert.ok((await new AuditLog(path).verify()).ok)
})

test('every other byte of it counts', async () => {
  const { log, file } = await ten()
  const whole = readFileSync(file)
  for (let at = 0; at < whole.length; at += 7) {
    const changed = Buffer.from(whole)
    changed[at] = (changed[at] ?? 0) ^ 1
    writeFileSync(file, changed)
    assert.ok(!(await log.verify()).ok, `byte ${at}`)
  }
})

test('lines cut off at the end are missed, and nothing is added to what is left', async () => {
  const { log, file } = await ten()
  const whole = readFileSync(file, 'utf8')
  const all = whole.trimEnd().split('\n')
  for (const kept of [0, 1, 10]) {
    writeFileSync(
      file,
      all
        .slice(0, kept)
        .map((line) => `${line}\n`)
        .join(''),
    )
    assert.match((await log.verify()).problems.join(), new RegExp(`${11 - kept} of 11 lines are missing`))
    await assert.rejects(log.append({ action: 'test', subject: 'x' }), { code: 'audit_damaged' })
  }
  rmSync(file)
  assert.ok(!(await log.verify()).ok)
  await assert.rejects(log.append({ action: 'test', subject: 'x' }), { code: 'audit_damaged' })
})

test('a seal or key that was lost or changed is noticed and not made anew', async () => {
  const whole = await ten()
  const spoil: Record<string, (path: string) => void> = {
    'seal lost': (path) => rmSync(join(path, 'audit.seal')),
    'seal changed': (path) => {
      const seal = join(path, 'audit.seal')
      writeFileSync(seal, readFileSync(seal, 'utf8').replace('"lines":11', '"lines":10'))
    },
    'key lost': (path) => rmSync(join(path, 'audit.key')),
    'key of another log': (path) => cpSync(join(other.path, 'audit.key'), join(path, 'audit.key')),
    'seal of another log': (path) => cpSync(join(other.path, 'audit.seal'), join(path, 'audit.seal')),
  }
  const other = await ten()
  for (const [what, change] of Object.entries(spoil)) {
    const path = fresh()
    cpSync(whole.path, path, { recursive: true })
    change(path)
    const log = new AuditLog(path)
    assert.ok(!(await log.verify()).ok, what)
    await assert.rejects(log.append({ action: 'test', subject: 'x' }), { code: 'audit_damaged' }, what)
  }
})

test('what a killed writer left of a line is cut off, and that is noted', async () => {
  const { log, file } = await ten()
  for (const torn of ['{"line":12,"at":"20', '\0\0\0\0', '{"line":12}\n', 'x\ny\nz']) {
    const { lines } = await log.verify()
    appendFileSync(file, torn)
    await log.append({ action: 'test', subject: 'after' })
    const [repair, after] = (await read(log)).slice(-2)
    assert.deepEqual([repair?.action, repair?.bytes, after?.subject], ['repair', Buffer.byteLength(torn), 'after'])
    const verdict = await log.verify()
    assert.deepEqual([verdict.ok, verdict.lines], [true, lines + 2])
  }
})

test('a line that was written but not yet sealed is kept', async () => {
  const { path, log, file } = await ten()
  const seal = readFileSync(join(path, 'audit.seal'))
  await log.append({ action: 'test', subject: 'unsealed' })
  writeFileSync(join(path, 'audit.seal'), seal)
  assert.deepEqual((await log.verify()).problems, [])
  await log.append({ action: 'test', subject: 'after' })
  assert.deepEqual(
    (await read(log)).slice(-2).map(({ subject }) => subject),
    ['unsealed', 'after'],
  )
  assert.ok((await log.verify()).ok)
  truncateSync(file, 0)
})

test('an old copy put back is noticed by who kept a hash elsewhere', async () => {
  const { path, log } = await ten()
  const old = fresh()
  cpSync(path, old, { recursive: true })
  await log.append({ action: 'test', subject: 'later' })
  const { hash } = await log.verify()
  await log.append({ action: 'test', subject: 'later still' })
  assert.ok((await log.verify({ known: hash })).ok)
  assert.ok((await new AuditLog(old).verify()).ok)
  assert.match((await new AuditLog(old).verify({ known: hash })).problems.join(), /known from elsewhere is not in it/)
})

test('lines that many writers add at once are all there, each once', async () => {
  const path = fresh()
  const logs = Array.from({ length: 4 }, () => new AuditLog(path))
  const names = Array.from({ length: 100 }, (_, n) => `subject ${n}`)
  await Promise.all(names.map((subject, n) => logs[n % 4]?.append({ action: 'test', subject })))
  const verdict = await new AuditLog(path).verify()
  assert.deepEqual([verdict.problems, verdict.lines], [[], 101])
  const subjects = (await read(new AuditLog(path))).slice(1).map(({ subject }) => subject)
  assert.deepEqual(subjects.sort(), names.sort())
})

test('no secret and none of its own fields can be written', async () => {
  const log = new AuditLog(fresh())
  const secret = '-----BEGIN PRIVATE KEY-----'
  await assert.rejects(log.append({ action: 'x', subject: secret }), { code: 'invalid_request' })
  await assert.rejects(log.append({ action: 'x', subject: 'x', previous: 'x' }), { code: 'invalid_request' })
})

test('what an authority does is in its log, and what is not in its log is named', async () => {
  const path = fresh()
  const authority = await createAuthority(path, { key: 'ecdsa-p256', purposes: ['control', 'etcd'] })
  const issued = await authority.issue({ kind: 'client', name: 'ops' })
  await authority.revoke(issued.serial, 'superseded')
  const records = await read(authority.audit)
  assert.deepEqual(
    records.map(({ action, role, subject }) => [action, role ?? subject]),
    [
      ['begin', 'audit.log'],
      ['create', 'root'],
      ['create', records[2]?.role],
      ['create', records[3]?.role],
      ['issue', 'ops'],
      ['revoke', 'ops'],
    ],
  )
  assert.deepEqual([records[4]?.serial, records[4]?.fingerprint], [issued.serial, issued.fingerprint])
  assert.equal(records[5]?.reason, 'superseded')
  assert.deepEqual((await authority.verifyAudit()).problems, [])
  const other = await createAuthority(fresh(), { key: 'ecdsa-p256', purposes: ['control'] })
  const strange = await other.issue({ kind: 'client', name: 'strange' })
  cpSync(join(other.directory, 'control/issued'), join(path, 'control/issued'), { recursive: true })
  const { ok, problems } = await (await openAuthority(path)).verifyAudit()
  assert.equal(ok, false)
  assert.deepEqual(problems, [`certificate ${strange.serial} was issued without a line in the log`])
})

test('a log that begins late names what was issued before it', async () => {
  const path = fresh()
  const authority = await createAuthority(path, { key: 'ecdsa-p256', purposes: ['control'] })
  const issued = await authority.issue({ kind: 'client', name: 'ops' })
  for (const name of ['audit.log', 'audit.key', 'audit.seal']) rmSync(join(path, name))
  const again = await openAuthority(path)
  await again.issue({ kind: 'client', name: 'later' })
  const [first] = await read(again.audit)
  assert.deepEqual([first?.action, first?.issued], ['begin', [issued.serial]])
  assert.deepEqual((await again.verifyAudit()).problems, [])
})
