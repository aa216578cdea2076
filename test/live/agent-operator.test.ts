// What an operator runs on the machine: status, doctor, logs, support-bundle; and the documented exit codes.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { verify, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from '@anbox/harness'
import { Edge, small } from './edge.ts'

const cli = join(import.meta.dirname, '../../packages/edge-agent/src/cli.ts')
const test = suite("agent: operator's commands", { timeout: 60_000 })
let edge: Edge

test.before(async () => {
  edge = await Edge.start({ bootSeconds: 20 })
  await edge.upload()
  const crash = {
    image_id: 'standin',
    name: 'crashed',
    resources: small,
    user_data: '{"secret":"hunter2","standin":{"boot":"crash"}}',
  }
  await (await edge.ams.instances.launch(crash)).wait().catch(() => {})
  await edge.ams.config.set('core.trust_password', 'correct horse')
})
test.after(() => edge?.[Symbol.asyncDispose]())

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = [...args, '--config', edge.path('config.yaml')]
  return promisify(execFile)(cli, command).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
}

test('status tells what is hosted', async () => {
  const { code, stdout } = await run('status')
  assert.equal(code, 0)
  assert.match(stdout, /^node +box, online, agent/m)
  assert.match(stdout, /^instances +1: 1 error$/m)
  const status = JSON.parse((await run('status', '--json')).stdout)
  assert.equal(status.images, 1)
})

test('doctor finds the failed instance, and fails where something keeps the agent from its work', async () => {
  const { code, stdout } = await run('doctor')
  assert.match(stdout, /^ok +LXD: 5\.\S+ answers/m)
  assert.match(stdout, /^ok +project: .*restricted/m)
  assert.match(stdout, /^warning failed: 1 in error/m)
  assert.match(stdout, /^ok +\S+server\.crt: it is valid for \d+ days|^ok +.*server\.crt: .*valid/m)
  assert.equal(code, 0)
  const away = await run('doctor', '--api.socket', edge.path('no-socket'))
  assert.equal(away.code, 1)
  assert.match(away.stdout, /^failed +agent: /m)
})

test('patch tells what waits and takes orders; a wrong one is refused with what would be right', async () => {
  assert.match(
    (await run('patch', 'hold', 'images', '--until', '2099-01-01T00:00:00Z')).stdout,
    /^held +images until 2099/m,
  )
  assert.match((await run('patch', 'unhold', 'images')).stdout, /^pending +nothing$/m)
  const wrong = await run('patch', 'hold', '--until', '1999-01-01')
  assert.deepEqual([wrong.code, /until must be a time to come/.test(wrong.stderr)], [1, true])
  assert.match((await run('patch', 'apply', 'snaps/nothing')).stderr, /patch "snaps\/nothing"/)
  assert.match((await run('patch', 'dance')).stderr, /action must be check, apply, hold/)
})

test("attest signs the machine's patch state with the key of its certificate, and lacking answers a bulletin", async () => {
  const [head = '', body = '', signature = ''] = (await run('attest')).stdout.trim().split('.')
  const { alg, x5c } = JSON.parse(Buffer.from(head, 'base64url').toString())
  const own = new X509Certificate(Buffer.from(x5c[0], 'base64'))
  assert.equal(own.fingerprint256, new X509Certificate(edge.read('tls/server.crt')).fingerprint256)
  const key = { key: own.publicKey, dsaEncoding: 'ieee-p1363' as const }
  assert.equal(alg, 'ES256')
  assert.ok(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
  const statement = JSON.parse(Buffer.from(body, 'base64url').toString())
  assert.equal(statement.node, 'box')
  assert.equal(statement.images[0].name, 'standin')
  assert.ok(statement.system.packages.libc6)
  const told = await run('lacking', 'libc6', '999')
  assert.match(told.stdout, /^lacks it +box \(machine\) has /m)
  assert.equal(told.code, 1)
  assert.equal((await run('lacking', 'libc6', '0')).code, 0)
})

test('logs shows what a failed instance left', async () => {
  assert.match((await run('logs')).stdout, /^crashed: the guest stopped/m)
  assert.match((await run('logs', 'crashed', 'console.log')).stdout, /zygote/)
  const { code, stderr } = await run('logs', 'nobody')
  assert.equal(code, 1)
  assert.match(stderr, /instance "nobody" not found/)
})

test('a support bundle has what helps, and no secret', async () => {
  const file = edge.path('bundle.tar.gz')
  assert.equal((await run('support-bundle', file)).code, 0)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const folder = edge.path('bundle')
  execFileSync('sh', ['-c', 'mkdir "$2" && tar -xzf "$1" -C "$2"', 'sh', file, folder])
  const names = readdirSync(folder, { recursive: true }).map(String)
  for (const name of [
    'config.json',
    'doctor.txt',
    'instances.json',
    'lxd.json',
    'metrics.txt',
    'logs/crashed-console.log',
  ])
    assert.ok(names.includes(name), `${name} of ${names}`)
  const all = names
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  for (const secret of ['hunter2', 'correct horse', 'PRIVATE KEY', 'BEGIN CERTIFICATE'])
    assert.ok(!all.includes(secret), secret)
  assert.doesNotMatch(all, /not to be had/)
})

test('without an agent a command says so and fails', async () => {
  const { code, stderr } = await run('status', '--api.socket', edge.path('no-socket'))
  assert.equal(code, 1)
  assert.match(stderr, /no-socket/)
})
