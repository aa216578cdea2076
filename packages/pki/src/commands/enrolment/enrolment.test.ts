// The commands of enrolment, as a person or a script meets them.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { suite } from '@anbox/harness'
import { environment } from '../../../test/environment.ts'

const test = suite('anbox-pki, enrolment', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-enrolment-cli-'))
const cli = join(import.meta.dirname, '../../cli.ts')
const at = (name: string) => join(directory, name)
const anyToken = /anbox-join-[A-Za-z0-9_-]{43}/
const ecdsa = ['--key', 'ecdsa-p256']
let server: ChildProcess
let url = ''
let fingerprint = ''

function run(args: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: directory,
    input: options.input ?? '',
    env: { ...environment, ANBOX_PKI_DIR: at('pki'), ...options.env },
    encoding: 'utf8',
  })
  assert.doesNotMatch(stdout + stderr, /PRIVATE KEY|\n\s+at /)
  assert.doesNotMatch(stderr, anyToken)
  if (!(args[0] === 'token' && args[1] === 'create')) assert.doesNotMatch(stdout, anyToken)
  return { status, stdout, stderr }
}
function json(args: string[], options = {}) {
  const { status, stdout } = run([...args, '--json'], options)
  return { status, document: JSON.parse(stdout) }
}

test.before(
  async () => {
    assert.equal(run(['init', '--dir', 'pki', ...ecdsa]).status, 0)
    server = spawn(process.execPath, [cli, 'serve', '--dir', 'pki', '--port', '0', '--json'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    assert.ok(server.stdout && server.stderr)
    server.stderr.resume()
    for await (const line of createInterface(server.stdout)) {
      const said = JSON.parse(line) as { port: number; root: { fingerprint: string } }
      url = `https://localhost:${said.port}`
      fingerprint = said.root.fingerprint
      break
    }
  },
  { timeout: 60_000 },
)
test.after(async () => {
  if (server.exitCode === null) {
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  }
  rmSync(directory, { recursive: true })
})

test('a token is printed once, alone, and kept nowhere', () => {
  const { status, stdout, stderr } = run(['token', 'create', 'printed', '--role', 'gateway', '--ttl', '15m'])
  assert.equal(status, 0, stderr)
  assert.match(stdout, /^anbox-join-[A-Za-z0-9_-]{43}\n$/)
  const kept = globSync('**', { cwd: at('pki'), withFileTypes: true }).filter((entry) => entry.isFile())
  assert.ok(kept.length > 10)
  for (const { parentPath, name } of kept)
    assert.ok(!readFileSync(join(parentPath, name), 'utf8').includes(stdout.trim()), name)
  const listed = json(['token', 'list']).document.tokens.find(
    ({ machine }: { machine: string }) => machine === 'printed',
  )
  assert.deepEqual([listed.state, listed.roles, listed.days], ['open', ['gateway'], 30])
  assert.match(run(['token', 'list']).stdout, /printed +gateway +open/)
})

test('a token goes into a new file that nobody else can read', () => {
  const { status, stdout } = run(['token', 'create', 'filed', '--out', 'filed.token'])
  assert.deepEqual([status, stdout], [0, 'Wrote filed.token\n'])
  assert.equal(statSync(at('filed.token')).mode & 0o777, 0o600)
  const before = readFileSync(at('filed.token'), 'utf8')
  assert.equal(run(['token', 'create', 'filed', '--out', 'filed.token']).status, 4)
  assert.equal(readFileSync(at('filed.token'), 'utf8'), before)
})

test('a machine enrols with a file, a pipe or a variable, and the file goes', () => {
  run(['token', 'create', 'by-file', '--out', 'by-file.token'])
  const enrol = (into: string, ...more: string[]) => ['enrol', url, '--into', into, ...ecdsa, ...more]
  const pin = ['--ca', 'pki/root/ca.crt']
  const byFile = json(enrol('by-file', ...pin, '--token-file', 'by-file.token', '--forget-token'))
  assert.deepEqual([byFile.status, byFile.document.state], [0, 'enrolled'])
  assert.ok(!existsSync(at('by-file.token')))
  assert.equal(statSync(at(byFile.document.files.key)).mode & 0o777, 0o600)
  const input = run(['token', 'create', 'by-pipe']).stdout
  const hash = ['--ca-fingerprint', fingerprint]
  assert.equal(run(enrol('by-pipe', ...hash, '--token-stdin'), { input }).status, 0)
  const env = { TOKEN: run(['token', 'create', 'by-variable']).stdout }
  assert.equal(run(enrol('by-variable', ...hash, '--token-env', 'TOKEN', '--name', 'agent'), { env }).status, 0)
  assert.ok(existsSync(at('by-variable/current/agent.key')))

  assert.equal(json(['renew', '--into', 'by-file']).document.state, 'kept')
  const before = readlinkSync(at('by-file/current'))
  assert.equal(json(['renew', '--into', 'by-file', '--now']).document.state, 'renewed')
  assert.notEqual(readlinkSync(at('by-file/current')), before)
})

test('each refusal has its exit code, and leaves the machine as it was', () => {
  const good = run(['token', 'create', 'refused']).stdout
  const wrong = `anbox-join-${'A'.repeat(43)}`
  const enrol = (address: string, input: string, ...more: string[]) =>
    run(['enrol', address, '--into', 'refused', ...ecdsa, '--token-stdin', ...more], { input })
  const pin = ['--ca-fingerprint', fingerprint]
  const cases: [number, RegExp, ReturnType<typeof run>][] = [
    [7, /token is not known/, enrol(url, wrong, ...pin)],
    [7, /does not have the root/, enrol(url, good, '--ca-fingerprint', '0'.repeat(64))],
    [8, /was not reached/, enrol('https://127.0.0.1:1', good, ...pin)],
    [2, /name the root/, enrol(url, good)],
    [2, /64 hexadecimal/, enrol(url, good, '--ca-fingerprint', 'abc')],
    [2, /https:\/\/HOST:PORT/, enrol('http://localhost:1', good, ...pin)],
    [2, /root cannot be read/, enrol(url, good, '--ca', 'nowhere.crt')],
    [2, /--forget-token goes with/, enrol(url, good, ...pin, '--forget-token')],
    [2, /one source of the token/, run(['enrol', url, '--into', 'refused', ...pin])],
    [3, /no machine is enrolled/, run(['renew', '--into', 'refused'])],
    [3, /no token 0123456789abcdef/, run(['token', 'revoke', '0123456789abcdef'])],
    [2, /no role/, run(['token', 'create', 'x', '--role', 'A B'])],
    [2, /leave out the dots/, run(['token', 'create', 'x.example'])],
    [2, /lives up to/, run(['token', 'create', 'x', '--ttl', '31d'])],
    [2, /at most 90/, run(['token', 'create', 'x', '--days', '91'])],
  ]
  for (const [status, reason, said] of cases) {
    assert.match(said.stderr, reason)
    assert.equal(said.status, status, said.stderr)
  }
  assert.ok(!existsSync(at('refused/current')))
  assert.equal(enrol(url, good, ...pin).status, 0)
})

test('with --wait a machine keeps trying while nobody answers', () => {
  const { status, stderr } = run(
    [
      'enrol',
      'https://127.0.0.1:1',
      '--into',
      'waits',
      '--ca',
      'pki/root/ca.crt',
      ...ecdsa,
      '--token-stdin',
      '--wait',
      '2s',
    ],
    { input: 'x' },
  )
  assert.equal(status, 8)
  assert.match(stderr, /again in \d s …\n/)
})

test('a token that was taken back is good for nothing, and the audit log knows all of it', () => {
  const input = run(['token', 'create', 'recalled']).stdout
  const { tokens } = json(['token', 'list']).document
  const { id } = tokens.find(({ machine }: { machine: string }) => machine === 'recalled')
  assert.equal(run(['token', 'revoke', id]).status, 0)
  assert.equal(run(['token', 'revoke', id]).status, 0)
  const args = ['enrol', url, '--into', 'recalled', ...ecdsa, '--ca', 'pki/root/ca.crt', '--token-stdin']
  assert.equal(run(args, { input }).status, 7)
  const lines = readFileSync(at('pki/audit.log'), 'utf8').trim().split('\n')
  const logged = lines.map((line) => JSON.parse(line) as { action: string; subject: string; token?: string })
  const actions = logged.filter(({ token }) => token === id).map(({ action }) => action)
  assert.deepEqual(actions, ['token.created', 'token.revoked', 'enrolment.refused'])
  const enrolled = logged.filter(({ subject }) => subject === 'by-file').map(({ action }) => action)
  assert.deepEqual(enrolled, ['token.created', 'issue', 'enrolment.enrolled', 'issue', 'enrolment.renewed'])
})

test('help has examples and exit codes', () => {
  for (const command of [
    ['token', 'create'],
    ['token', 'list'],
    ['token', 'revoke'],
    ['serve'],
    ['enrol'],
    ['renew'],
  ]) {
    const { status, stdout } = run([...command, '--help'])
    assert.equal(status, 0)
    assert.match(stdout, new RegExp(`Examples:\\n {2}\\$ anbox-pki ${command.join(' ')} `))
    assert.match(stdout, /Exit codes:\n {2}0 {2}done/)
  }
})

test('serve says when its port is taken', () => {
  const taken = url.slice(url.lastIndexOf(':') + 1)
  const { status, stderr } = run(['serve', '--dir', 'pki', '--port', taken])
  assert.notEqual(status, 0)
  assert.match(stderr, /EADDRINUSE|in use/)
})
