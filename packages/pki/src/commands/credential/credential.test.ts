// `anbox-pki render`, `turn-user`, `account-token` and `lxd-join` as a person or a script meets them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { environment } from '../../../test/environment.ts'
import { createAuthority, makeSecret, turnUser, verifyAccountToken } from '../../index.ts'

const test = suite('anbox-pki render and credentials', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-credential-cli-'))
test.after(() => rmSync(directory, { recursive: true }))
const cli = join(import.meta.dirname, '../../cli.ts')
const authority = await createAuthority(join(directory, 'pki'), { key: 'ecdsa-p256' })
const read = (file: string) => readFileSync(join(directory, file), 'utf8')

function run(command: string, { input = '' } = {}) {
  const args = ['--disable-warning=ExperimentalWarning', cli, ...command.split(' '), '--dir', 'pki']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    ...{ cwd: directory, input, encoding: 'utf8' },
    env: { ...environment, SYSTEMD_CREDENTIAL_SECRET: join(directory, 'host-secret') },
  })
  return { status, stdout, stderr }
}
const json = (command: string) => JSON.parse(run(`${command} --json`).stdout)
const reveal = (name: string) => run(`secret show ${name} --reveal`).stdout.trim()

test('render says what it wrote and what the server needs, and prints no secret', () => {
  const first = run('render nats --out nats --client ann --client bob')
  assert.equal(first.status, 0, first.stderr)
  assert.match(first.stdout, /^Wrote server.key, server.crt, clients.ca, nats-server.conf into/)
  assert.match(first.stdout, /^Start: {7}nats-server --config \//m)
  const token = reveal('nats-ann')
  assert.ok(read('nats/nats-server.conf').includes(token))
  assert.ok(!(first.stdout + first.stderr).includes(token))
  assert.equal(statSync(join(directory, 'nats/nats-server.conf')).mode & 0o777, 0o600)
  assert.match(run('render nats --out nats --client ann --client bob').stdout, /is as it should be/)
  const { changed, reload, certificate } = json('render nats --out nats --client ann')
  assert.deepEqual([changed, reload, certificate.state], [['nats-server.conf'], 'SIGHUP', 'kept'])
  assert.equal(run('secret show nats-ann --reveal --as anbox:messaging/client/ann').stdout.trim(), token)
  assert.equal(run('secret show nats-ann --reveal --as anbox:messaging/client/bob').status, 7)
})

test("a server's certificate that was revoked or has little left of its life is renewed", async () => {
  const before = json('render coturn --out coturn').certificate
  await authority.revoke(before.fingerprint)
  const { certificate, reload, changed } = json('render coturn --out coturn')
  assert.equal(certificate.state, 'renewed')
  assert.notEqual(certificate.fingerprint, before.fingerprint)
  assert.deepEqual([reload, changed], ['SIGUSR2', ['server.key', 'server.crt']])
  assert.equal(json('render coturn --out coturn').certificate.state, 'kept')
  assert.equal(json('render coturn --out coturn --renew').certificate.state, 'renewed')
})

test('while the TURN secret is rotated both are in the configuration, the newest first', () => {
  const old = reveal('turn')
  run('secret rotate turn --overlap 1h')
  run('render coturn --out coturn')
  const lines = read('coturn/turnserver.conf').match(/(?<=^static-auth-secret=).*/gm)
  assert.deepEqual(lines, [reveal('turn'), old])
})

test('an option of another component, and NATS without clients, are refused and nothing is written', () => {
  const wrong = {
    'render etcd --out x --client ann': /--client is no option of etcd/,
    'render nats --out x --client ann --public-address 192.0.2.1': /--public-address is no option of nats/,
    'render lxd --out x --store /x': /--store is no option of lxd/,
    'render nats --out x': /name the clients/,
    'render nats --out x --client ann --shared-token': /name the clients/,
    'render lxd --out x --port 0': /must be a port/,
    'render coturn --out x --relay-ports 2-1': /relay ports 2 to 1/,
    'render lxd --out x --at relative': /must be absolute/,
    'render etcd --out x --member a': /is not NAME=/,
  }
  for (const [command, message] of Object.entries(wrong)) {
    const { status, stderr } = run(command)
    assert.equal(status, 2, command)
    assert.match(stderr, message)
  }
  assert.throws(() => statSync(join(directory, 'x')), { code: 'ENOENT' })
})

test('a TURN user and an account token are of the secrets in the store, and in the audit log without their value', async () => {
  const { username, password, expires } = json('turn-user viewer1 --ttl 10m')
  const seconds = (Date.parse(expires) - Date.now()) / 1000
  assert.ok(seconds > 500 && seconds <= 600)
  const start = new Date(Date.parse(expires) - 600_000)
  assert.deepEqual(
    [username, password],
    [`${Date.parse(expires) / 1000}:viewer1`, turnUser(reveal('turn'), 'viewer1', 600, start).password],
  )
  const token = run('account-token my-client --days 30').stdout.trim()
  const verdict = verifyAccountToken(token, { secrets: [reveal('gateway')], isAccount: () => true })
  assert.equal(verdict.ok && verdict.account, 'my-client')
  const log = read('pki/audit.log')
  assert.match(log, /"action":"turn-user","subject":"viewer1"/)
  assert.match(log, /"action":"account-token","subject":"my-client"/)
  for (const secret of [password, token]) assert.ok(!log.includes(secret))
})

test('lxd-join needs a credential and a token, and repeats neither', () => {
  assert.equal(run('lxd-join nobody --token-stdin', { input: 'x' }).status, 3)
  run('issue client ops')
  assert.equal(run('lxd-join ops').status, 2)
  const secret = makeSecret()
  const { status, stderr } = run('lxd-join ops --token-stdin', { input: secret })
  assert.equal(status, 2)
  assert.ok(!stderr.includes(secret))
  const token = { client_name: 'ops', fingerprint: '0'.repeat(64), addresses: ['127.0.0.1:1'], secret }
  const input = Buffer.from(JSON.stringify(token)).toString('base64')
  assert.equal(run('lxd-join ops --token-stdin', { input }).status, 8)
})
