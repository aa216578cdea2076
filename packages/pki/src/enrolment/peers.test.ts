// Two EST clients that this project did not write, strongSwan's `pki` and curl, enrol and re-enrol at `anbox-pki serve`.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { openAuthority, type Purpose, saveCredential, summarizeCertificate } from '../index.ts'

const test = suite('EST: strongSwan and curl', { timeout: 60_000 })
const base = mkdtempSync(join(tmpdir(), 'pki-peers-'))
const cli = join(import.meta.dirname, '../cli.ts')
const paths = { pki: join(base, 'pki'), root: join(base, 'pki/root/ca.crt'), other: join(base, 'other/root/ca.crt') }
const intermediates = ['control', 'agents'].map((purpose) => join(base, `pki/${purpose}/ca.crt`))
const file = (name: string) => join(base, name)
let server: ChildProcess
let est = ''

type Said = { status: number | null; stdout: Buffer; stderr: string }
function run(command: string, args: string[], input?: Buffer | string): Said {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: base,
    input,
    timeout: 20_000,
    env: { PATH: process.env.PATH, STRONGSWAN_CONF: file('strongswan.conf'), LC_ALL: 'C' },
  })
  return { status, stdout, stderr: stderr.toString() }
}
function done(command: string, args: string[], input?: Buffer | string): Buffer {
  const { status, stdout, stderr } = run(command, args, input)
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stderr}`)
  return stdout
}
const anbox = (...args: string[]) =>
  done(process.execPath, [cli, ...args])
    .toString()
    .trim()
const token = (machine: string, ...more: string[]) => anbox('token', 'create', machine, '--dir', 'pki', ...more)

test.before(
  async () => {
    // Its parsers (5.9.8) know no name constraints on IP addresses, which the intermediate of the agents has.
    const conf = 'libtls { version_max = 1.3 }\npki { tls { version_max = 1.3 } x509 { enforce_critical = no } }\n'
    writeFileSync(file('strongswan.conf'), conf)
    for (const dir of ['pki', 'other']) anbox('init', '--dir', dir, '--key', 'ecdsa-p256')
    const args = [cli, 'serve', '--dir', 'pki', '--port', '0', '--json']
    server = spawn(process.execPath, args, { cwd: base, stdio: ['ignore', 'pipe', 'inherit'] })
    assert.ok(server.stdout)
    for await (const line of createInterface(server.stdout)) {
      const { port } = JSON.parse(line) as { port: number }
      est = `https://localhost:${port}`
      break
    }
  },
  { timeout: 60_000 },
)
test.after(async () => {
  server.kill('SIGTERM')
  if (server.exitCode === null) await new Promise((resolve) => server.once('exit', resolve))
  assert.equal(server.exitCode, 0)
  rmSync(base, { recursive: true })
})

// ── strongSwan

/** A key, and a request for it with whatever strongSwan was told to ask for. */
function strongswanRequest(name: string, type: string[], dn: string, ...more: string[]): Buffer {
  const key = done('pki', ['--gen', ...type, '--outform', 'pem'])
  writeFileSync(file(`${name}.key`), key, { mode: 0o600 })
  return done('pki', ['--req', '--in', file(`${name}.key`), '--dn', dn, ...more])
}
const trusted = [paths.root, ...intermediates].flatMap((path) => ['--cacert', path])
function strongswan(request: Buffer, credentials: string[], trust = trusted): Said {
  return run('pki', ['--est', '--url', est, ...trust, ...credentials, '--outform', 'pem'], request)
}
const p256 = ['--type', 'ecdsa', '--size', '256']

for (const type of [p256, ['--type', 'ecdsa', '--size', '384'], ['--type', 'rsa', '--size', '4096']]) {
  const [, algorithm, , size] = type
  const name = `swan-${algorithm}-${size}`

  test(`strongSwan enrols and re-enrols with ${algorithm} ${size}`, () => {
    const request = strongswanRequest(name, type, 'C=CH, O=Elsewhere, CN=root', '--san', 'evil.example')
    const first = strongswan(request, ['--userpass', `any:${token(name, '--role', 'tunnel')}`])
    assert.equal(first.status, 0, first.stderr)
    assert.match(first.stderr, /negotiated TLS 1.3/)
    writeFileSync(file(`${name}.crt`), first.stdout)
    const summary = summarizeCertificate(first.stdout.toString())
    assert.equal(summary.name, name)
    assert.deepEqual([summary.dns, summary.uri], [[], [`anbox:agent/${name}`, 'urn:anbox:role:tunnel']])

    const subject = `O=Anbox Edge, CN=${name}`
    const next = strongswanRequest(`${name}-2`, type, subject)
    const credentials = ['--cert', file(`${name}.crt`), '--key', file(`${name}.key`)]
    const second = strongswan(next, credentials)
    assert.equal(second.status, 0, second.stderr)
    const renewed = summarizeCertificate(second.stdout.toString())
    assert.notEqual(renewed.serial, summary.serial)
    assert.deepEqual({ ...renewed.uri }, { ...summary.uri })
  })
}

test('strongSwan fetches the certificates, and refuses a server of another root', () => {
  const args = (root: string) => [
    '--estca',
    '--url',
    est,
    '--cacert',
    root,
    '--caout',
    file('ca.pem'),
    '--outform',
    'pem',
  ]
  done('pki', [...args(paths.root), '--force'])
  // It writes the root under this name, and what is below it beside.
  assert.equal(new X509Certificate(readFileSync(file('ca.pem'))).fingerprint256, fingerprint(paths.root))
  assert.equal(new X509Certificate(readFileSync(file('ca-1.pem'))).fingerprint256, fingerprint(intermediates[1] ?? ''))
  const wrong = run('pki', args(paths.other))
  assert.notEqual(wrong.status, 0)
  assert.match(
    wrong.stderr,
    /no trusted certificate found|no issuer certificate|certificate .* not trusted|handshake failed/i,
  )
})

test('strongSwan is refused with a wrong, a used, an expired token, and for other names', async () => {
  const request = strongswanRequest('swan', p256, 'CN=swan')
  const given = token('swan')
  const refused = (credentials: string[], csr = request) => {
    const { status, stdout, stderr } = strongswan(csr, credentials)
    assert.notEqual(status, 0)
    assert.equal(stdout.length, 0)
    return stderr
  }
  refused(['--userpass', `any:anbox-join-${'A'.repeat(43)}`])
  refused([])
  const expired = token('late', '--ttl', '1s')
  await pause(1_000)
  refused(['--userpass', `any:${expired}`])
  assert.equal(strongswan(request, ['--userpass', `any:${given}`]).status, 0)
  refused(['--userpass', `any:${given}`], strongswanRequest('thief', p256, 'CN=swan'))
})

test('strongSwan gets the same certificate for the same key', () => {
  const request = strongswanRequest('same', p256, 'CN=same')
  const credentials = ['--userpass', `any:${token('same')}`]
  const [first, second] = [strongswan(request, credentials), strongswan(request, credentials)]
  assert.equal(first.status, 0, first.stderr)
  assert.equal(second.stdout.toString(), first.stdout.toString())
})

// ── curl, with openssl for the rest

const subject = (name: string) => ['-subj', `/O=Anbox Edge/CN=${name}`]
/** A new key NAME.key, and a request for it in base64. */
function curlRequest(name: string, ...more: string[]): string {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file(`${name}.key`)]
  return done('openssl', ['req', '-new', ...key, ...subject(name), '-outform', 'DER', ...more]).toString('base64')
}
const post = ['--silent', '--show-error', '--tlsv1.3', '--data-binary', '@-']
const contentType = 'Content-Type: application/pkcs10'
function curl(path: string, body: string, ...more: string[]): { status: number; body: string } {
  const args = [
    ...post,
    ...(more.includes('-H') ? [] : ['-H', contentType]),
    '--cacert',
    paths.root,
    '-w',
    '\n%{http_code}',
    ...more,
    `${est}/.well-known/est/${path}`,
  ]
  const [, answer = '', status] = /^([\s\S]*)\n(\d+)$/.exec(done('curl', args, body).toString()) ?? []
  return { status: Number(status), body: answer }
}
/** The one certificate in an answer, as openssl reads it. */
function certificateIn(body: string): string {
  assert.match(body, /^[A-Za-z0-9+/]+=*$/, 'base64 without line ends')
  const read = ['pkcs7', '-inform', 'DER', '-print_certs']
  const text = done('openssl', read, Buffer.from(body, 'base64')).toString()
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  assert.equal(found.length, 1)
  return `${found[0]}\n`
}

test('curl enrols, repeats, and re-enrols with the certificate', () => {
  const request = curlRequest('curl')
  const user = ['--user', `:${token('curl')}`]
  const first = curl('simpleenroll', request, ...user)
  assert.equal(first.status, 200, first.body)
  writeFileSync(file('curl.crt'), certificateIn(first.body))
  const wrapped = curl('simpleenroll', request.replace(/.{64}/g, '$&\r\n'), ...user)
  assert.equal(wrapped.body, first.body, 'the same key gets the same certificate')
  done('openssl', [
    'verify',
    '-x509_strict',
    '-CAfile',
    paths.root,
    '-untrusted',
    intermediates[1] ?? '',
    file('curl.crt'),
  ])

  const credentials = ['--cert', file('curl.crt'), '--key', file('curl.key')]
  const next = curlRequest('curl-2', ...subject('curl'))
  const second = curl('agents/simplereenroll', next, ...credentials)
  assert.equal(second.status, 200, second.body)
  assert.equal(curl('simplereenroll', next, ...credentials).body, second.body, 'repeated, it is the same one')
  assert.notEqual(second.body, first.body)
  const clone = curl('simplereenroll', curlRequest('curl-3', ...subject('curl')), ...credentials)
  assert.deepEqual([clone.status, clone.body.slice(0, 36)], [403, 'this certificate was renewed already'])
})

test('curl is refused: tokens', async () => {
  const given = token('curl-refused')
  const request = curlRequest('refused')
  const expired = token('curl-late', '--ttl', '1s')
  await pause(1_000)
  const revoked = token('curl-revoked')
  const { tokens } = JSON.parse(anbox('token', 'list', '--dir', 'pki', '--json')) as {
    tokens: { id: string; machine: string }[]
  }
  anbox('token', 'revoke', tokens.find(({ machine }) => machine === 'curl-revoked')?.id ?? '', '--dir', 'pki')
  for (const wrong of [
    [],
    ['--user', `:anbox-join-${'A'.repeat(43)}`],
    ['--user', ':'],
    ['--user', `:${expired}`],
    ['--user', `:${revoked}`],
  ])
    assert.equal(curl('simpleenroll', request, ...wrong).status, 401)
  assert.equal(curl('simpleenroll', request, '--user', `:${given}`).status, 200)
  const other = curl('simpleenroll', curlRequest('thief'), '--user', `:${given}`)
  assert.deepEqual(other, { status: 403, body: 'this token was used with another key\n' })
})

test('curl is refused: requests', () => {
  const given = ['--user', `:${token('curl-bad')}`]
  const good = Buffer.from(curlRequest('bad'), 'base64')
  const changed = Buffer.from(good)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  const small = done('openssl', [
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('s.key'),
    ...subject('x'),
    '-outform',
    'DER',
  ])
  const bodies = ['', 'no base64 at all!', 'AAAA', changed.toString('base64'), small.toString('base64')]
  for (const body of bodies) assert.equal(curl('simpleenroll', body, ...given).status, 400, body)
  assert.equal(curl('simpleenroll', 'A'.repeat(9_000), ...given).status, 413)
  assert.equal(curl('simpleenroll', good.toString('base64'), ...given, '-H', 'Content-Type: text/plain').status, 415)
  assert.equal(curl('cacerts', '').status, 405)
  assert.equal(curl('nothing', '').status, 404)
  // None of them has bound the token.
  assert.equal(curl('simpleenroll', good.toString('base64'), ...given).status, 200)
})

test('curl is refused: certificates', async () => {
  const authority = await openAuthority(paths.pki)
  const issue = async (purpose: Purpose, name: string) =>
    saveCredential(file('issued'), name, await authority.issue({ purpose, kind: 'client', name }))
  await issue('control', 'control-client')
  const request = curlRequest('control-client', ...subject('control-client'))
  const as = (name: string) => ['--cert', file(`issued/${name}.crt`), '--key', file(`issued/${name}.key`)]
  assert.equal(curl('simplereenroll', request).status, 403, 'without a certificate')
  assert.equal(curl('simplereenroll', request, ...as('control-client')).status, 403, "with another purpose's")
  await issue('agents', 'by-hand')
  assert.equal(curl('simplereenroll', request, ...as('by-hand')).status, 403, 'of the right CA, but of no machine')
  assert.equal(curl('simpleenroll', request, ...as('control-client')).status, 401, 'in place of a token')
})

test('curl is refused: other names than those of the certificate', () => {
  const user = ['--user', `:${token('names')}`]
  const first = curl('simpleenroll', curlRequest('names'), ...user)
  writeFileSync(file('names.crt'), certificateIn(first.body))
  const credentials = ['--cert', file('names.crt'), '--key', file('names.key')]
  const san = (names: string) => ['-addext', `subjectAltName=${names}`]
  const ask = (...asked: string[]) => curl('simplereenroll', curlRequest('names-2', ...asked), ...credentials)
  assert.equal(ask(...subject('other')).status, 400)
  assert.equal(ask(...subject('names'), ...san('URI:anbox:agent/other')).status, 400)
  assert.equal(ask(...subject('names'), ...san('URI:anbox:agent/names,DNS:names')).status, 400)
  const extras = ['-addext', 'extendedKeyUsage=serverAuth', '-addext', 'basicConstraints=critical,CA:TRUE']
  const fine = ask(...subject('names'), ...san('URI:anbox:agent/names'), ...extras)
  assert.equal(fine.status, 200, fine.body)
  const certificate = new X509Certificate(certificateIn(fine.body))
  assert.deepEqual(
    [certificate.ca, certificate.keyUsage],
    [false, ['1.3.6.1.5.5.7.3.2']],
    'what else was asked for is dropped',
  )
})

test('curl does not get in without the root, or with TLS 1.2', () => {
  const get = (...more: string[]) => run('curl', ['--silent', ...more, `${est}/.well-known/est/cacerts`]).status
  assert.equal(get('--cacert', paths.root), 0)
  assert.equal(get('--cacert', paths.other), 60)
  assert.equal(get('--cacert', paths.root, '--tls-max', '1.2'), 35)
})

test('the revocation lists are served', () => {
  const pem = done('curl', ['--silent', '--cacert', paths.root, `${est}/crl/agents.pem`])
  done('openssl', ['crl', '-noout', '-CAfile', intermediates[1] ?? ''], pem)
})

function fingerprint(path: string): string {
  return new X509Certificate(readFileSync(path)).fingerprint256
}
