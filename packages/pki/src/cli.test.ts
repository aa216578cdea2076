// The command as a person or a script meets it.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { environment } from '../test/environment.ts'

const test = suite('anbox-pki', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-cli-'))
test.after(() => rmSync(directory, { recursive: true }))
const cli = join(import.meta.dirname, 'cli.ts')
const pki = join(directory, 'pki')
const ecdsa = ['--key', 'ecdsa-p256']

function run(args: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: directory,
    input: options.input ?? '',
    env: { ...environment, ...options.env },
    encoding: 'utf8',
  })
  assert.doesNotMatch(stdout + stderr, /PRIVATE KEY|\n\s+at /)
  return { status, stdout, stderr }
}
function json(args: string[], options = {}) {
  const { status, stdout } = run([...args, '--json'], options)
  return { status, document: JSON.parse(stdout) }
}

test('init creates, then says what is there, then refuses another', () => {
  const first = json(['init', '--dir', pki, ...ecdsa, '--name', 'Lab'])
  assert.equal(first.status, 0)
  assert.equal(first.document.state, 'created')
  assert.match(first.document.root.fingerprint, /^[0-9a-f]{64}$/)
  const second = json(['init', '--dir', pki])
  assert.equal(second.status, 0)
  assert.deepEqual(second.document, { ...first.document, state: 'exists' })
  const other = run(['init', '--dir', pki, '--name', 'Other'])
  assert.equal(other.status, 4)
  assert.match(other.stderr, /already holds the authority "Lab"/)
})

test('init finishes what was cut short', () => {
  const path = join(directory, 'cut')
  run(['init', '--dir', path, ...ecdsa])
  rmSync(join(path, 'control'), { recursive: true })
  assert.equal(run(['show', '--dir', path]).status, 3)
  assert.equal(json(['init', '--dir', path]).document.state, 'completed')
})

test('RSA is the default, and its slow keys are announced on stderr', () => {
  const { status, stdout, stderr } = run(['init', '--dir', join(directory, 'rsa')])
  assert.equal(status, 0)
  assert.match(stderr, /key of the root \(rsa-4096\), which may take some seconds/)
  assert.match(stdout, /^Created the authority "Anbox Edge" \(rsa-4096\)/)
})

test('two inits at once make one authority', async () => {
  const path = join(directory, 'twice')
  const outputs = await Promise.all(
    [1, 2].map(async () => {
      const child = spawn(process.execPath, [cli, 'init', '--dir', path, '--json', ...ecdsa], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      let text = ''
      child.stdout.on('data', (chunk) => {
        text += chunk
      })
      const [status] = await once(child, 'close')
      assert.equal(status, 0)
      return JSON.parse(text)
    }),
  )
  assert.equal(outputs[0].root.fingerprint, outputs[1].root.fingerprint)
})

test('issue writes files that openssl accepts, and never twice unasked', () => {
  const args = [
    'issue',
    'server',
    'edge1',
    '--dir',
    pki,
    '--dns',
    'edge1.example',
    '--dns',
    'localhost',
    '--ip',
    '192.0.2.7',
  ]
  const { status, document } = json(args)
  assert.equal(status, 0)
  const { certificate, key, root } = document.files
  assert.equal(statSync(key).mode & 0o777, 0o600)
  const verified = execFileSync(
    'openssl',
    ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', root, '-untrusted', certificate, certificate],
    { encoding: 'utf8' },
  )
  assert.match(verified, /: OK\n$/)
  const before = readFileSync(key, 'utf8')
  const again = run(args)
  assert.equal(again.status, 4)
  assert.match(again.stderr, /--force/)
  assert.equal(readFileSync(key, 'utf8'), before)
  assert.equal(run([...args, '--force']).status, 0)
  assert.notEqual(readFileSync(key, 'utf8'), before)
})

test('issue completes a key that has no certificate', () => {
  const args = ['issue', 'client', 'half', '--dir', pki, '--days', '7']
  const { document } = json(args)
  rmSync(document.files.certificate)
  const completed = json(args)
  assert.equal(completed.document.state, 'completed')
  assert.equal(completed.document.serial, document.serial)
})

test('show lists what was issued', () => {
  run(['issue', 'client', 'listed', '--dir', pki, '--out', join(directory, 'elsewhere')])
  const { document } = json(['show', '--dir', pki])
  assert.equal(document.name, 'Lab')
  const [found] = document.issued.filter(({ name }: { name: string }) => name === 'listed')
  assert.deepEqual([found.kind, found.uri, found.ended], ['client', ['anbox:client/listed'], false])
  assert.match(run(['show'], { env: { ANBOX_PKI_DIR: pki } }).stdout, /\n {2}control client listed, ends on /)
})

test('export takes the password from a pipe, a file or a variable, and shows it nowhere', () => {
  const secret = 'correct horse'
  run(['issue', 'client', 'browser', '--dir', pki])
  writeFileSync(join(directory, 'password'), `${secret}\n`, { mode: 0o600 })
  const sources: [string[], { input?: string; env?: Record<string, string> }][] = [
    [['--password-stdin'], { input: `${secret}\n` }],
    [['--password-file', join(directory, 'password')], {}],
    [['--password-env', 'SECRET'], { env: { SECRET: secret } }],
  ]
  for (const [source, options] of sources) {
    const file = join(directory, `${source[0]}.p12`)
    const { status, stdout, stderr } = run(['export', 'browser', '--dir', pki, '--file', file, ...source], options)
    assert.equal(status, 0, stderr)
    assert.ok(!(stdout + stderr).includes(secret))
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const env = { ...process.env, SECRET: secret }
    const text = execFileSync('openssl', ['pkcs12', '-in', file, '-nodes', '-passin', 'env:SECRET'], {
      env,
      encoding: 'utf8',
    })
    assert.equal(text.match(/BEGIN CERTIFICATE/g)?.length, 3)
    assert.equal(run(['export', 'browser', '--dir', pki, '--file', file, ...source], options).status, 4)
    assert.equal(run(['export', 'browser', '--dir', pki, '--file', file, '--force', ...source], options).status, 0)
  }
})

test('wrong use ends with 2 and leaves nothing', () => {
  const wrong: [string[], RegExp][] = [
    [['init'], /--dir/],
    [['unknown'], /unknown command/],
    [['init', '--dir', pki, '--key', 'rsa-1024'], /Allowed choices/],
    [['issue', 'server', 'x', '--dir', pki], /at least one DNS name/],
    [['issue', 'router', 'x', '--dir', pki], /Allowed choices/],
    [['issue', 'client', '../x', '--dir', pki], /no name/],
    [['issue', 'client', 'x', '--dir', pki, '--days', '1.5'], /whole number/],
    [['issue', 'client', 'x', '--dir', pki, '--days', '9999'], /at most 3650/],
    [['export', 'edge1', '--dir', pki], /one source of the password/],
    [['export', 'edge1', '--dir', pki, '--password-stdin', '--password-env', 'A'], /one source of the password/],
    [['export', 'edge1', '--dir', pki, '--password-stdin'], /empty/],
    [['export', 'edge1', '--dir', pki, '--password', 'secret'], /unknown option/],
  ]
  for (const [args, reason] of wrong) {
    const { status, stderr } = run(args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, reason)
  }
  assert.ok(!existsSync(join(pki, 'credentials/x.key')))
})

test('each other kind of failure has its exit code', () => {
  assert.equal(run(['show', '--dir', join(directory, 'none')]).status, 3)
  assert.equal(run(['export', 'none', '--dir', pki, '--password-stdin'], { input: 'x' }).status, 3)
  const damaged = join(directory, 'damaged')
  run(['init', '--dir', damaged, ...ecdsa])
  writeFileSync(join(damaged, 'control/ca.crt'), '')
  assert.equal(run(['show', '--dir', damaged]).status, 5)
  const open = join(directory, 'open')
  execFileSync('mkdir', ['-m', '755', open])
  const { status, document } = json(['init', '--dir', open])
  assert.equal(status, 6)
  assert.equal(document.error.code, 'unsafe_directory')
})

test('help has examples and exit codes', () => {
  for (const command of ['init', 'issue', 'show', 'export']) {
    const { status, stdout } = run([command, '--help'])
    assert.equal(status, 0)
    assert.match(stdout, new RegExp(`Examples:\\n {2}\\$ anbox-pki ${command} `))
    assert.match(stdout, /Exit codes:\n {2}0 {2}done/)
  }
  assert.match(run(['--version']).stdout, /^\d+\.\d+\.\d+\n$/)
})
