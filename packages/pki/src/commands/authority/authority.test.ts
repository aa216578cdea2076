// The commands for authorities and what they have issued, as a person or a script meets them.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { environment } from '../../../test/environment.ts'

const test = suite('anbox-pki, authorities', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-commands-'))
test.after(() => rmSync(directory, { recursive: true }))
const cli = join(import.meta.dirname, '../../cli.ts')
const at = (name: string) => join(directory, name)
const ecdsa = ['--key', 'ecdsa-p256']
const env = { ...environment, PASSPHRASE: 'correct horse battery' }

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: directory,
    env,
    encoding: 'utf8',
  })
  assert.doesNotMatch(stdout + stderr, /PRIVATE KEY|correct horse|\n\s+at /)
  return { status, stdout, stderr }
}
function json(...args: string[]) {
  const { status, stdout, stderr } = run(...args, '--json')
  return { status, document: JSON.parse(stdout || 'null'), stderr }
}
function done(...args: string[]) {
  const { status, document, stderr } = json(...args)
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}${JSON.stringify(document)}`)
  return document
}
done('init', '--dir', 'pki', ...ecdsa)

test('issue makes what the profile of the purpose says, and refuses the rest', () => {
  const peer = done('issue', 'peer', 'etcd1', '--purpose', 'etcd', '--dir', 'pki', '--dns', 'etcd1.example')
  const text = execFileSync('openssl', ['x509', '-noout', '-text', '-in', at(peer.files.certificate)], {
    encoding: 'utf8',
  })
  assert.match(text, /TLS Web Server Authentication, TLS Web Client Authentication/)
  assert.match(text, /Issuer: O = Anbox Edge, CN = Anbox Edge etcd /)
  const agent = done('issue', 'client', 'edge7', '--purpose', 'agents', '--dir', 'pki')
  const days = (Date.parse(agent.notAfter) - Date.now()) / 86_400_000
  assert.ok(Math.abs(days - 30) < 0.1)
  const wrong = run('issue', 'server', 'edge7', '--purpose', 'agents', '--dir', 'pki', '--dns', 'a.example')
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /kind must be client for agents/)
})

test('revoke takes a serial, a SHA-256 or a file, and the list names all of them', () => {
  const issued = ['r1', 'r2', 'r3'].map((name) => done('issue', 'client', name, '--dir', 'pki'))
  const [first, second, third] = issued
  const revoked = done('revoke', first.serial, '--dir', 'pki', '--reason', 'keyCompromise')
  assert.deepEqual([revoked.name, revoked.reason, revoked.purpose], ['r1', 'keyCompromise', 'control'])
  done('revoke', second.fingerprint, '--dir', 'pki')
  done('revoke', third.files.certificate, '--dir', 'pki')
  assert.deepEqual(done('revoke', first.serial, '--dir', 'pki'), revoked)
  const crl = execFileSync('openssl', ['crl', '-noout', '-text', '-in', at('pki/control/crl.pem')], {
    encoding: 'utf8',
  })
  for (const { serial } of issued) assert.ok(crl.includes(serial.toUpperCase()))
  assert.match(run('show', '--dir', 'pki').stdout, /control client r1, .*REVOKED on .* \(keyCompromise\)/)
  assert.equal(run('revoke', '00'.repeat(16), '--dir', 'pki').status, 3)
  assert.equal(run('revoke', 'none.crt', '--dir', 'pki').status, 2)
  assert.equal(run('revoke', first.serial, '--dir', 'pki', '--reason', 'certificateHold').status, 2)
})

test('crl renews one list or all, and puts them into one file if asked', () => {
  const { lists } = done('crl', '--dir', 'pki', '--file', 'all.pem')
  assert.equal(lists.length, 5)
  assert.equal(readFileSync(at('all.pem'), 'utf8').match(/BEGIN X509 CRL/g)?.length, 5)
  const [again] = done('crl', 'etcd', '--dir', 'pki').lists
  const [before] = lists.filter(({ purpose }: { purpose: string }) => purpose === 'etcd')
  assert.ok(again.number > before.number)
  assert.match(run('crl', 'etcd', '--dir', 'pki').stdout, /^pki\/etcd\/crl\.pem: 0 revoked, number \d+, until 20/)
})

test('audit shows the end of the log, and ends with 5 when it was changed', () => {
  done('issue', 'client', 'audited', '--dir', 'pki')
  done('revoke', 'pki/credentials/audited.crt', '--dir', 'pki', '--reason', 'superseded')
  const { ok, records, hash } = done('audit', '--dir', 'pki', '--last', '3')
  assert.deepEqual([ok, records.length], [true, 3])
  assert.match(run('audit', '--dir', 'pki').stdout, /revoke audited {2}purpose=control .*reason=superseded/)
  done('issue', 'client', 'later', '--dir', 'pki')
  assert.equal(done('audit', '--dir', 'pki', '--known', hash).ok, true)
  assert.equal(run('audit', '--dir', 'pki', '--known', '0'.repeat(64)).status, 5)
  execFileSync('cp', ['-a', at('pki'), at('changed')])
  const log = at('changed/audit.log')
  writeFileSync(log, readFileSync(log, 'utf8').replace('"audited"', '"another"'))
  const { status, stdout } = run('audit', '--dir', 'changed')
  assert.equal(status, 5)
  assert.match(stdout, /NOT WHOLE: line \d+ was changed/)
})

test('backup and restore, to a passphrase and to a certificate', () => {
  const made = done('backup', 'a.backup', '--dir', 'pki', '--password-env', 'PASSPHRASE')
  assert.equal(made.rootKey, true)
  assert.equal(statSync(at('a.backup')).mode & 0o777, 0o600)
  assert.equal(run('backup', 'a.backup', '--dir', 'pki', '--password-env', 'PASSPHRASE').status, 4)
  done('restore', 'a.backup', '--dir', 'copy', '--password-env', 'PASSPHRASE')
  assert.equal(done('show', '--dir', 'copy').root.fingerprint, done('show', '--dir', 'pki').root.fingerprint)
  assert.equal(run('restore', 'a.backup', '--dir', 'copy', '--password-env', 'PASSPHRASE').status, 4)
  writeFileSync(at('wrong'), 'wrong horse battery')
  assert.equal(run('restore', 'a.backup', '--dir', 'no', '--password-file', 'wrong').status, 7)
  assert.ok(!existsSync(at('no')))
  const keeper = done('issue', 'client', 'keeper', '--dir', 'pki', '--out', 'keeper')
  done('backup', 'b.backup', '--dir', 'pki', '--to', keeper.files.certificate)
  done('restore', 'b.backup', '--dir', 'copy2', '--key', keeper.files.key)
  assert.equal(run('backup', 'c.backup', '--dir', 'pki').status, 2)
  assert.equal(run('backup', 'c.backup', '--dir', 'pki', '--to', 'x', '--password-env', 'PASSPHRASE').status, 2)
})

test('the root may live on a medium of its own, which is needed for new intermediates only', () => {
  const first = done('init', '--dir', 'off', '--root-dir', 'medium', '--purpose', 'control', ...ecdsa)
  assert.ok(existsSync(at('medium/ca.key')) && !existsSync(at('off/root/ca.key')))
  renameSync(at('medium'), at('unplugged'))
  done('issue', 'client', 'ops', '--dir', 'off')
  assert.equal(done('init', '--dir', 'off').state, 'exists')
  const refused = run('init', '--dir', 'off', '--purpose', 'etcd')
  assert.equal(refused.status, 3)
  assert.match(refused.stderr, /the root's key is needed/)
  assert.equal(run('init', '--dir', 'off', '--purpose', 'etcd', '--root-dir', 'medium').status, 3)
  const wrong = done('init', '--dir', 'other', '--root-dir', 'other-medium', '--purpose', 'control', ...ecdsa)
  assert.notEqual(wrong.root.fingerprint, first.root.fingerprint)
  assert.equal(run('init', '--dir', 'off', '--purpose', 'etcd', '--root-dir', 'other-medium').status, 4)
  const completed = done('init', '--dir', 'off', '--purpose', 'etcd', '--root-dir', 'unplugged')
  assert.deepEqual([completed.state, completed.purposes], ['completed', ['control', 'etcd']])
  assert.equal(completed.root.fingerprint, first.root.fingerprint)
  const backup = done('backup', 'off.backup', '--dir', 'off', '--password-env', 'PASSPHRASE')
  assert.equal(backup.rootKey, false)
  assert.equal(run('init', '--dir', 'pki', '--root-dir', 'medium2').status, 4)
})
