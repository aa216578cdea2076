// A machine that was just made comes into the deployment with nothing but the rendered user data; one that runs already
// is adopted over its sshd. The machines are systemd containers of a real LXD with a real cloud-init.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { type Authority, createAuthority, type EnrolmentServer, startEnrolmentServer, TokenStore } from '@anbox/pki'
import { LxdClient } from '@anbox/sdk'
import { run } from '../../scripts/command.ts'
import { buildMachineImage } from './machine-image.ts'

const test = suite('bootstrap of machines', { timeout: 240_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-bootstrap-'))
const path = (name: string) => join(base, name)
const cli = join(import.meta.dirname, '../../packages/pki/src/cli.ts')
const given = (name: string) => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this with "npm test -- ${process.argv[2] ?? ''}"`)
  return value
}
const project = `bootstrap-${process.pid}`
const host = new LxdClient({ socketPath: join(given('ANBOX_TEST_LXD'), 'unix.socket'), timeout: 120_000 })
const lxd = host.project(project)
let fingerprint = ''
let authority: Authority
let server: EnrolmentServer
let url = ''

test.before(
  async () => {
    const image = await buildMachineImage((line) => console.error(line))
    await host.projects.create({ name: project, config: { 'features.profiles': 'false', 'features.images': 'true' } })
    fingerprint = (await (await lxd.images.import(image)).wait()).metadata.fingerprint
    authority = await createAuthority(path('pki'), { key: 'ecdsa-p256' })
    // The bridge's address, for the machines on it; it is one of this machine alone.
    const { config } = await host.networks.get(given('ANBOX_TEST_BRIDGE'))
    const bridge = config?.['ipv4.address']?.replace(/\/.*$/, '') ?? ''
    const { certificate, key } = await authority.issue({ kind: 'server', name: 'est', dns: ['est'], ip: [bridge] })
    server = await startEnrolmentServer({ authority, address: bridge, certificate, key })
    url = `https://${bridge}:${server.port}`
    for (const name of ['user', 'ca', 'operator'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)])
    execFileSync('ssh-keygen', ['-q', '-s', path('ca'), '-I', 'operator', '-n', 'root', path('operator.pub')])
  },
  { timeout: 900_000 },
)
test.after(
  async () => {
    // There is none when making the image failed.
    const made = (await host.projects.list()).some(({ name }) => name === project)
    for (const { name, status } of made ? await lxd.instances.list() : []) {
      if (status === 'Running') await (await lxd.instances.setState(name, { action: 'stop', force: true })).wait()
      await (await lxd.instances.delete(name)).wait()
    }
    for (const image of made ? await lxd.images.list() : []) await (await lxd.images.delete(image.fingerprint)).wait()
    if (made) await host.projects.delete(project)
    await host.close()
    await server?.close()
    rmSync(base, { recursive: true })
  },
  { timeout: 120_000 },
)

const pki = (...args: string[]) =>
  run(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...args, '--dir', path('pki'), '--json']).then(
    (text) => JSON.parse(text),
  )
const sh = (name: string, script: string, stdin = '') => lxd.instances.run(name, ['sh', '-c', script], { stdin })
const ok = async (name: string, script: string, stdin = '') => {
  const { exitCode, stdout, stderr } = await sh(name, script, stdin)
  assert.equal(exitCode, 0, `${script}: ${stdout}${stderr}`)
  return stdout.trim()
}
const state = async (name: string, action: 'start' | 'stop', force = false) =>
  (await lxd.instances.setState(name, { action, force, timeout: 60 })).wait()

async function make(name: string, userData?: string): Promise<void> {
  const config: Record<string, string> = userData === undefined ? {} : { 'user.user-data': userData }
  await (await lxd.instances.create({ name, config, source: { type: 'image', fingerprint } })).wait()
}

/** Writes user data, and gives it with its token. */
async function render(machine: string, ...more: string[]): Promise<{ text: string; token: string }> {
  const args = ['--url', url, '--key', 'ecdsa-p256', '--user-data', path(`${machine}.yaml`), ...more]
  await pki('cloud-init', machine, ...args)
  const text = readFileSync(path(`${machine}.yaml`), 'utf8')
  const [token = ''] = text.match(/anbox-join-[A-Za-z0-9_-]{43}/) ?? []
  assert.ok(token)
  return { text, token }
}

async function until(what: string, done: () => Promise<boolean>, seconds = 120): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (performance.now() < end) {
    if (await done().catch(() => false)) return
    await sleep(500)
  }
  throw new Error(`not within ${seconds} s: ${what}`)
}

const unitIsDone = (name: string) =>
  until(`${name} has ended its bootstrap`, async () => {
    const script =
      'test ! -e /etc/anbox-edge/bootstrap/token && systemctl show -P ActiveState anbox-bootstrap && cloud-init status'
    return /^inactive\nstatus: done/.test((await sh(name, script)).stdout)
  })

/** The certificate that the machine has, checked with what it has. */
async function identity(name: string): Promise<string> {
  const directory = '/var/lib/anbox-edge/identity/current'
  const verify = `openssl verify -CAfile ${directory}/ca.crt -untrusted ${directory}/machine.crt ${directory}/machine.crt`
  assert.match(await ok(name, verify), /: OK$/)
  assert.equal(await ok(name, `cat ${directory}/ca.crt`), authority.rootCertificate.trim())
  assert.equal(await ok(name, `stat -Lc %a ${directory}/machine.key`), '600')
  return ok(name, `openssl x509 -in ${directory}/machine.crt -noout -serial -ext subjectAltName`)
}

/**
 * Every file of the machine that holds a part of one of the texts, or of its base64, wherever its lines end. Looked for are
 * pieces of twenty characters: what is cut in two by the end of a line has one of them whole.
 */
async function filesWith(name: string, texts: string[]): Promise<string[]> {
  const forms = texts.flatMap((text) => [
    text,
    ...[0, 1, 2].map((before) =>
      Buffer.from('x'.repeat(before) + text)
        .toString('base64')
        .slice(before + 1, -4),
    ),
  ])
  const pieces = forms.flatMap((form) => Array.from({ length: form.length - 19 }, (_, at) => form.slice(at, at + 20)))
  const places = '/etc /var /run /root /home /tmp /opt /srv /usr /boot /dev/shm'
  // 1: there is none. Files may go away meanwhile (2), which is no answer.
  const { exitCode, stdout, stderr } = await sh(name, `grep -rlsF -f - ${places}`, `${pieces.join('\n')}\n`)
  assert.ok(exitCode <= 1 || stdout !== '' || stderr === '', stderr)
  return stdout.split('\n').filter(Boolean)
}

test('a machine with only the rendered user data comes up enrolled, and no file in it holds the token any more', async () => {
  writeFileSync(path('agent.yaml'), 'api:\n  port: 8444\n')
  const options = ['--agent-config', path('agent.yaml'), '--authorized-key', path('user.pub'), '--role', 'gateway']
  const { text, token } = await render('edge1', ...options)
  await make('edge1', text)
  await state('edge1', 'start')
  await unitIsDone('edge1')
  assert.match(await identity('edge1'), /URI:anbox:agent\/edge1, URI:urn:anbox:role:gateway$/)
  assert.equal(
    await ok('edge1', 'stat -c %a /etc/anbox-edge/config.yaml; cat /etc/anbox-edge/config.yaml'),
    '600\napi:\n  port: 8444',
  )
  assert.equal(await ok('edge1', 'systemctl --failed --plain --no-legend'), '')
  // The search is one that finds things: the seed is there, with everything but the token.
  const [, comment = ''] = text.split('\n')
  assert.ok((await filesWith('edge1', [comment])).some((file) => file.startsWith('/var/lib/cloud/seed/')))
  assert.deepEqual(await filesWith('edge1', [token]), [])
})

test('it stays so when it is restarted, and cloud-init reads the seed again', async () => {
  const before = await identity('edge1')
  const token = readFileSync(path('edge1.yaml'), 'utf8').match(/anbox-join-[A-Za-z0-9_-]{43}/)?.[0] ?? ''
  await state('edge1', 'stop')
  await state('edge1', 'start')
  await until('edge1 is up', async () => /done/.test((await sh('edge1', 'cloud-init status')).stdout))
  assert.equal(await identity('edge1'), before)
  assert.deepEqual(await filesWith('edge1', [token]), [])
})

test('a token that was used is good for nobody else', async () => {
  const token = readFileSync(path('edge1.yaml'), 'utf8').match(/anbox-join-[A-Za-z0-9_-]{43}/)?.[0] ?? ''
  writeFileSync(path('stolen'), token, { mode: 0o600 })
  const args = ['enrol', url, '--into', path('thief'), '--ca', path('pki/root/ca.crt'), '--token-file', path('stolen')]
  await assert.rejects(run(process.execPath, [cli, ...args, '--key', 'ecdsa-p256']), /ended with 7/)
})

test('a machine that is cut off before it could enrol does so at a later boot, from a seed directory', async () => {
  await pki('cloud-init', 'edge2', '--url', url, '--key', 'ecdsa-p256', '--out', path('seed'))
  const userData = readFileSync(path('seed/user-data'), 'utf8')
  const token = userData.match(/anbox-join-[A-Za-z0-9_-]{43}/)?.[0] ?? ''
  await make('edge2')
  await putSeed('edge2', path('seed'))
  const { port } = server
  await server.close()
  await state('edge2', 'start')
  await until('edge2 tries', async () => {
    const { stdout } = await sh('edge2', 'journalctl -u anbox-bootstrap --no-pager')
    return stdout.includes('again in')
  })
  assert.ok((await filesWith('edge2', [token])).length > 1)
  await state('edge2', 'stop', true)
  const [, bridge = ''] = /^https:\/\/(.*):\d+$/.exec(url) ?? []
  const { certificate, key } = await authority.issue({ kind: 'server', name: 'est', dns: ['est'], ip: [bridge] })
  server = await startEnrolmentServer({ authority, address: bridge, port, certificate, key })
  await state('edge2', 'start')
  await unitIsDone('edge2')
  assert.match(await identity('edge2'), /URI:anbox:agent\/edge2$/)
  assert.deepEqual(await filesWith('edge2', [token]), [])
})

/** Puts a seed directory into a machine that was not started yet. */
async function putSeed(name: string, seed: string): Promise<void> {
  const directory = '/var/lib/cloud/seed/nocloud'
  for (const one of ['/var/lib/cloud', '/var/lib/cloud/seed', directory])
    await lxd.instances.files.mkdir(name, one, { mode: 0o755, uid: 0, gid: 0 })
  for (const file of ['user-data', 'meta-data'])
    await lxd.instances.files.put(name, `${directory}/${file}`, readFileSync(join(seed, file)), {
      mode: 0o600,
      uid: 0,
      gid: 0,
    })
}

test('a machine that runs already is adopted over its sshd, and no file in it holds the token', async () => {
  await make('edge3')
  await state('edge3', 'start')
  await until('edge3 is up', async () => /done/.test((await sh('edge3', 'cloud-init status')).stdout))
  await lxd.instances.files.mkdir('edge3', '/root/.ssh', { mode: 0o700, uid: 0, gid: 0 })
  const user = { mode: 0o600, uid: 0, gid: 0 }
  await lxd.instances.files.put('edge3', '/root/.ssh/authorized_keys', readFileSync(path('user.pub')), user)
  const address = await ok('edge3', "ip -4 -o addr show eth0 | sed 's,.*inet \\([0-9.]*\\).*,\\1,'")
  const [, seen = ''] = (await ok('edge3', 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')
  const common = ['--machine', 'edge3', '--url', url, '--key', 'ecdsa-p256', '--identity', path('user')]
  const login = `root@${address}`
  const other = `SHA256:${'A'.repeat(43)}`
  await assert.rejects(pki('adopt', login, ...common, '--host-fingerprint', other), /server_untrusted/)
  const more = ['--ssh-user-ca', path('ca.pub'), '--agent-config', path('agent.yaml')]
  const adopted = await pki('adopt', login, ...common, ...more, '--host-fingerprint', seen)
  assert.equal(adopted.state, 'enrolled')
  const found = await identity('edge3')
  assert.match(found, /URI:anbox:agent\/edge3$/)
  assert.equal(/^serial=(.*)$/m.exec(found)?.[1]?.toLowerCase().replace(/^0+/, ''), adopted.serial.replace(/^0+/, ''))
  assert.equal((await pki('adopt', login, ...common, '--host-fingerprint', seen)).state, 'kept')
  const [host = '', key = ''] = (await ok('edge3', 'cat /etc/ssh/ssh_host_ed25519_key.pub')).split(' ')
  writeFileSync(path('known_hosts'), `${address} ${host} ${key}\n`)
  const byCertificate = [
    '-i',
    path('operator'),
    '-o',
    `UserKnownHostsFile=${path('known_hosts')}`,
    '-o',
    'BatchMode=yes',
  ]
  assert.equal(
    (await run('ssh', [...byCertificate, login, 'cat /etc/anbox-edge/config.yaml'])).trim(),
    'api:\n  port: 8444',
  )
  // The token was shown to nobody: any token is looked for, and the base64 of how they begin.
  const patterns = ['anbox-join-[A-Za-z0-9_-]{43}', 'YW5ib3gtam9pbi', 'FuYm94LWpvaW4t', 'hbmJveC1qb2luL']
  const places = '/etc /var /run /root /home /tmp /srv /usr /dev/shm'
  assert.equal((await sh('edge3', `grep -rlsE -f - ${places}`, `${patterns.join('\n')}\n`)).stdout, '')
  const tokens = await new TokenStore(path('pki/enrolment/tokens')).list()
  const ours = tokens.filter(({ scope }) => scope.name === 'edge3')
  assert.deepEqual(
    ours.map(({ revokedAt }) => revokedAt !== undefined),
    [true, true, true],
  )
})
