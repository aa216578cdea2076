// A machine bootstraps itself against a real server; and one is adopted over a real sshd, whose machine is this one.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { summarize } from '../authority/certificate.ts'
import { type Scene, setScene } from '../enrolment/scene.ts'
import {
  AdoptionFailedError,
  EnrolmentRefusedError,
  EnrolmentUnavailableError,
  InvalidRequestError,
  ServerUntrustedError,
} from '../errors.ts'
import { type AdoptRequest, adopt } from './adopt.ts'
import { bootstrapFrom, readBundle } from './machine.ts'
import { planBootstrap } from './plan.ts'

const test = suite('bootstrap', { timeout: 60_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-bootstrap-'))
const path = (name: string) => join(base, name)
let scene: Scene
let sshd: ChildProcess
let port: number
let madeRunSshd = false

test.before(
  async () => {
    scene = await setScene()
    port = await freePort()
    for (const key of ['host', 'host2', 'user', 'stranger', 'ca'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(key)])
    // The CA of host keys signs the one that sshd has.
    execFileSync('ssh-keygen', ['-q', '-s', path('ca'), '-I', 'host', '-h', '-n', '127.0.0.1', path('host.pub')])
    // The machine's `anbox-pki`: this one's sources, with a home of its own, and an /etc whose changes are below our folder.
    const program = `${process.execPath} --disable-warning=ExperimentalWarning ${join(import.meta.dirname, '../cli.ts')}`
    const overlay = `lowerdir=/etc,upperdir=${path('etc')},workdir=${path('work')}`
    writeFileSync(
      path('machine'),
      `#!/bin/sh\nmount -t overlay overlay -o ${overlay} /etc\nexport HOME=${path('home')}\ncat >${path('received')}.$$\nexec ${program} "$@" <${path('received')}.$$\n`,
      { mode: 0o755 },
    )
    writeFileSync(path('anbox-pki'), `#!/bin/sh\nexec unshare -m ${path('machine')} "$@"\n`, { mode: 0o755 })
    for (const name of ['etc', 'work']) mkdirSync(path(name), { mode: 0o755 })
    mkdirSync(path('home'), { mode: 0o700 })
    // sshd wants it, and where systemd is it makes it.
    madeRunSshd = mkdirSync('/run/sshd', { recursive: true, mode: 0o755 }) !== undefined
    chmodSync(base, 0o755)
    const settings = [
      ...[
        'ListenAddress 127.0.0.1',
        `Port ${port}`,
        `HostKey ${path('host')}`,
        `HostCertificate ${path('host-cert.pub')}`,
      ],
      ...[
        `AuthorizedKeysFile ${path('user.pub')}`,
        'StrictModes no',
        'PasswordAuthentication no',
        'UsePAM no',
        'PidFile none',
      ],
    ]
    writeFileSync(path('sshd_config'), `${settings.join('\n')}\n`)
    sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', path('sshd_config')], { stdio: 'ignore' })
    await listening(port)
    const [type, blob] = readFileSync(path('host.pub'), 'utf8').split(' ')
    writeFileSync(path('known_hosts'), `[127.0.0.1]:${port} ${type} ${blob}\n`)
  },
  { timeout: 60_000 },
)
test.after(async () => {
  const ended = once(sshd, 'exit')
  sshd.kill()
  await ended
  if (madeRunSshd) rmSync('/run/sshd', { recursive: true })
  await scene.close()
  rmSync(base, { recursive: true })
})

let machines = 0
/** What cloud-init would have written. */
async function given(ttlSeconds?: number) {
  machines += 1
  const [machine, directory] = [`given${machines}`, path(`given-${machines}`)]
  const { token } = await scene.tokens.create({ name: machine, ...(ttlSeconds !== undefined && { ttlSeconds }) })
  const into = path(`trust-${machines}`)
  const plan = planBootstrap({
    machine,
    into,
    url: scene.url,
    root: scene.authority.rootCertificate,
    key: 'ecdsa-p256',
  })
  mkdirSync(directory)
  writeFileSync(join(directory, 'enrol.json'), JSON.stringify(plan.settings))
  writeFileSync(join(directory, 'root.crt'), plan.root)
  writeFileSync(join(directory, 'token'), `${token}\n`, { mode: 0o600 })
  const copy = path(`copy-${machines}`)
  writeFileSync(copy, `copy of ${token}`)
  return { machine, directory, token, into, copy, places: [copy] }
}

test('a machine enrols, and the token is gone from its file and from the copies', async () => {
  const { machine, directory, token, into, places, copy } = await given()
  const done = await bootstrapFrom(directory, { places })
  assert.equal(done?.enrolled.state, 'enrolled')
  assert.equal(summarize(readFileSync(join(into, 'current/machine.crt'), 'utf8')).name, machine)
  assert.ok(!existsSync(join(directory, 'token')))
  assert.ok(!readFileSync(copy, 'utf8').includes(token))
  assert.equal(await bootstrapFrom(directory, { places }), undefined)
})

test('a bootstrap that was cut off after the enrolment is finished by the next one', async () => {
  const { directory, token, into, copy, places } = await given()
  await bootstrapFrom(directory, { places })
  const before = readFileSync(join(into, 'current/machine.crt'), 'utf8')
  writeFileSync(join(directory, 'token'), token)
  writeFileSync(copy, token)
  const done = await bootstrapFrom(directory, { places })
  assert.equal(done?.enrolled.state, 'kept')
  assert.ok(!existsSync(join(directory, 'token')))
  assert.ok(!readFileSync(copy, 'utf8').includes(token))
  assert.equal(readFileSync(join(into, 'current/machine.crt'), 'utf8'), before)
})

test('a machine that is refused keeps its token file, and says why', async () => {
  const { directory, places } = await given(1)
  await sleep(1100)
  await assert.rejects(bootstrapFrom(directory, { places }), EnrolmentRefusedError)
  assert.ok(existsSync(join(directory, 'token')))
})

test('a root that is not the one of its SHA-256 gets no token', async () => {
  const { directory, places } = await given()
  const settings = JSON.parse(readFileSync(join(directory, 'enrol.json'), 'utf8'))
  writeFileSync(join(directory, 'enrol.json'), JSON.stringify({ ...settings, rootFingerprint: '0'.repeat(64) }))
  await assert.rejects(bootstrapFrom(directory, { places }), ServerUntrustedError)
})

let hosts = 0
function request(more: Partial<AdoptRequest> = {}): AdoptRequest {
  hosts += 1
  return {
    ...{ host: '127.0.0.1', port, identity: path('user'), knownHosts: path('known_hosts'), program: path('anbox-pki') },
    ...{ machine: `host${hosts}`, into: path(`host-${hosts}`), url: scene.url, key: 'ecdsa-p256' as const },
    ...more,
  }
}

test('a machine is adopted over ssh, and what it says it has is what was issued', async () => {
  const key = readFileSync(path('stranger.pub'), 'utf8')
  const wanted = request({ authorizedKeys: [key], userCas: [key], agentConfig: 'node: {}' })
  const adopted = await adopt(scene.authority, wanted)
  const certificate = summarize(readFileSync(join(path(`host-${hosts}`), 'current/machine.crt'), 'utf8'))
  assert.deepEqual([adopted.state, adopted.serial, adopted.machine], ['enrolled', certificate.serial, certificate.name])
  assert.ok(readFileSync(path('home/.ssh/authorized_keys'), 'utf8').startsWith('ssh-ed25519 '))
  assert.equal(statSync(path('home/.ssh/authorized_keys')).mode & 0o777, 0o600)
  const files = ['anbox-edge/bootstrap/root.crt', 'anbox-edge/config.yaml', 'ssh/sshd_config.d/60-anbox.conf']
  assert.deepEqual(
    files.map((file) => (statSync(path(`etc/${file}`)).mode & 0o777).toString(8)),
    ['644', '600', '644'],
  )
  assert.equal(readFileSync(path('etc/anbox-edge/config.yaml'), 'utf8'), 'node: {}\n')
  assert.ok(!existsSync(path('etc/anbox-edge/bootstrap/token')))
  assert.equal((await adopt(scene.authority, wanted)).state, 'kept')
})

test('the token comes by standard input, is in no file that the machine keeps, and is good for nothing after that', async () => {
  for (const file of globSync(path('received.*'))) rmSync(file)
  await adopt(scene.authority, request())
  const [received = ''] = globSync(path('received.*'))
  const { token } = readBundle(readFileSync(received, 'utf8'))
  rmSync(received)
  const kept = globSync(`${path(`host-${hosts}`)}/**/*`, { withFileTypes: true }).filter((entry) => entry.isFile())
  assert.ok(kept.length > 0)
  for (const { parentPath, name } of kept) assert.ok(!readFileSync(join(parentPath, name), 'utf8').includes(token))
  const record = await scene.tokens.find(token)
  assert.ok(record?.bound && record.revokedAt)
})

test('the host is known by fingerprint or by the CA of its key as well', async () => {
  const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', path('host.pub')], { encoding: 'utf8' }).split(' ')[1]
  assert.equal((await adopt(scene.authority, request({ knownHosts: undefined, fingerprint }))).state, 'enrolled')
  const byCa = request({ knownHosts: undefined, hostCa: path('ca.pub') })
  assert.equal((await adopt(scene.authority, byCa)).state, 'enrolled')
})

test('a host with another key gets nothing', async () => {
  const received = () => globSync(path('received.*')).length
  const before = received()
  const other = execFileSync('ssh-keygen', ['-l', '-f', path('host2.pub')], { encoding: 'utf8' }).split(' ')[1]
  const [type, blob] = readFileSync(path('host2.pub'), 'utf8').split(' ')
  writeFileSync(path('wrong_hosts'), `[127.0.0.1]:${port} ${type} ${blob}\n`)
  writeFileSync(path('no_hosts'), '')
  for (const known of [
    { knownHosts: path('wrong_hosts') },
    { knownHosts: path('no_hosts') },
    { knownHosts: undefined, fingerprint: other },
    { knownHosts: undefined, hostCa: path('host2.pub') },
  ])
    await assert.rejects(adopt(scene.authority, request(known)), ServerUntrustedError, JSON.stringify(known))
  assert.equal(received(), before)
})

test('no way in, no host, no program and an unknown host each have their own error', async () => {
  await assert.rejects(adopt(scene.authority, request({ identity: path('stranger') })), EnrolmentUnavailableError)
  await assert.rejects(adopt(scene.authority, request({ port: await freePort() })), EnrolmentUnavailableError)
  await assert.rejects(adopt(scene.authority, request({ program: path('nothing') })), AdoptionFailedError)
  const away = request({ url: `https://127.0.0.1:${await freePort()}`, waitSeconds: 0 })
  await assert.rejects(adopt(scene.authority, away), AdoptionFailedError)
  for (const more of [
    { host: '-oProxyCommand=touch' },
    { host: 'a b' },
    { knownHosts: undefined },
    { hostCa: path('ca.pub') },
    { program: 'a;b' },
  ])
    await assert.rejects(adopt(scene.authority, request(more)), InvalidRequestError, JSON.stringify(more))
  const open = (await scene.tokens.list()).filter(({ scope, revokedAt }) => scope.name.startsWith('host') && !revokedAt)
  assert.deepEqual(open, [])
})

test('a bundle writes below /etc only', () => {
  const whole = {
    version: 1,
    settings: planBootstrap({ machine: 'a', url: scene.url, root: scene.authority.rootCertificate }).settings,
  }
  const bundle = (file: object) =>
    JSON.stringify({ ...whole, root: 'r', token: 't', authorizedKeys: [], files: [file] })
  assert.equal(readBundle(bundle({ path: '/etc/a', mode: '0600', content: '' })).files.length, 1)
  for (const file of [
    { path: '/etc/../root/a', mode: '0600', content: '' },
    { path: '/root/a', mode: '0600', content: '' },
    { path: '/etc/a', mode: '4755', content: '' },
    { path: '/etc/a', mode: '0600' },
  ])
    assert.throws(() => readBundle(bundle(file)), InvalidRequestError)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

async function listening(at: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const { code } = await new Promise<{ code: number | null }>((resolve) => {
      const child = spawn('ssh-keyscan', ['-T', '1', '-p', String(at), '127.0.0.1'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      child.on('close', () => resolve({ code: text === '' ? 1 : 0 }))
    })
    if (code === 0) return
    await sleep(100)
  }
  throw new Error('sshd does not listen')
}
