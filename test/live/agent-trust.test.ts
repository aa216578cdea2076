// Who gets in: every peer that must be refused, against the real agent, with certificates that openssl made.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect, type SecureVersion } from 'node:tls'
import { suite } from '@anbox/harness'
import { type Authority, createAuthority, openAuthority, openRotation, planRotation, saveCredential } from '@anbox/pki'
import { AmsClient } from '@anbox/sdk'
import { Edge, until } from './edge.ts'

const test = suite('agent: trust', { timeout: 30_000 })
const key = 'ecdsa-p256' as const
let edge: Edge

test.before(async () => {
  edge = await Edge.start()
  const authority = await openAuthority(edge.path('pki'))
  const day = 86_400_000
  const expired = await authority.issue({
    kind: 'client',
    name: 'late',
    key,
    notBefore: new Date(Date.now() - 2 * day),
    notAfter: new Date(Date.now() - day),
  })
  await saveCredential(edge.path('tls'), 'expired', expired)
  await saveCredential(
    edge.path('tls'),
    'server-purpose',
    await authority.issue({ kind: 'server', name: 'other', dns: ['other'], key }),
  )
  const stranger = await createAuthority(edge.path('stranger'), { key })
  await saveCredential(edge.path('stranger-tls'), 'client', await stranger.issue({ kind: 'client', name: 'test', key }))
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=alone',
      '-days',
      '2',
      '-keyout',
      edge.path('alone.key'),
      '-out',
      edge.path('alone.crt'),
    ],
    { stdio: 'ignore' },
  )
})
test.after(() => edge?.[Symbol.asyncDispose]())

type Answer = {
  status: number
  body: { type: string; error?: string; error_code?: number; metadata?: { auth?: string } }
}

function call(
  path: string,
  options: { cert?: string; key?: string; maxVersion?: SecureVersion; body?: unknown; method?: string } = {},
): Promise<Answer> {
  const { body, ...tls } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      `${edge.url}${path}`,
      { ca: edge.read('tls/ca.crt'), agent: false, method: body ? 'POST' : 'GET', ...tls },
      async (answer) => {
        let text = ''
        for await (const chunk of answer) text += chunk
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) })
      },
    )
    sent.on('error', reject).end(body ? JSON.stringify(body) : undefined)
  })
}

const credentialOf = (folder: string, name: string) => ({
  cert: edge.read(`${folder}/${name}.crt`),
  key: edge.read(`${folder}/${name}.key`),
})

test('a certificate of the shared root gets in', async () => {
  assert.equal((await call('/1.0/instances', credentialOf('tls', 'client'))).status, 200)
  assert.equal((await call('/1.0', credentialOf('tls', 'client'))).body.metadata?.auth, 'trusted')
})

const strangers: [string, () => { cert?: string; key?: string }, RegExp][] = [
  ['no certificate', () => ({}), /no client certificate/],
  ['an expired certificate', () => credentialOf('tls', 'expired'), /CERT_HAS_EXPIRED/],
  ['a certificate of another CA', () => credentialOf('stranger-tls', 'client'), /not trusted/],
  [
    'a certificate that nobody signed',
    () => ({ cert: edge.read('alone.crt'), key: edge.read('alone.key') }),
    /not trusted/,
  ],
  ["a server's certificate used as a client's", () => credentialOf('tls', 'server-purpose'), /INVALID_PURPOSE/],
  [
    'a chain with a trusted certificate behind a stranger',
    () => ({ cert: edge.read('alone.crt') + edge.read('tls/client.crt'), key: edge.read('alone.key') }),
    /not trusted/,
  ],
]
for (const [who, tls, reason] of strangers) {
  test(`${who}: refused in the API's envelope, and told "untrusted"`, async () => {
    for (const path of [
      '/1.0/instances',
      '/1.0/nodes/box',
      '/1.0/certificates',
      '/1.0/config',
      '/1.0/operations',
      '/1.0/events',
      '/1.0/nothing',
      '/1.0/instances/x/exec',
    ]) {
      const { status, body } = await call(path, tls())
      assert.equal(status, 401, path)
      assert.equal(body.type, 'error')
      assert.equal(body.error_code, status)
      assert.match(body.error ?? '', reason)
    }
    const { status, body } = await call('/1.0', tls())
    assert.equal(status, 200)
    assert.equal(body.metadata?.auth, 'untrusted')
    assert.equal((await call('/1.0/instances', { ...tls(), body: { image_id: 'x' } })).status, 401)
  })
}

test('TLS 1.2 is refused in the handshake, whatever certificate comes with it', async () => {
  await assert.rejects(
    call('/1.0', { ...credentialOf('tls', 'client'), maxVersion: 'TLSv1.2' }),
    /protocol version|EPROTO|alert/i,
  )
  const { status, stderr } = spawnOpenssl('-tls1_2')
  assert.notEqual(status, 0)
  assert.match(stderr, /protocol version/)
})

function spawnOpenssl(version: string): { status: number; stderr: string } {
  try {
    execFileSync('openssl', ['s_client', version, '-connect', `localhost:${edge.port}`], {
      input: '',
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    return { status: 0, stderr: '' }
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer }
    return { status, stderr: stderr.toString() }
  }
}

test('a single certificate is trusted once it was added, and no longer once it was removed, on open connections too', async () => {
  const pem = edge.read('alone.crt')
  const alone = new AmsClient({
    url: edge.url,
    certificate: pem,
    key: edge.read('alone.key'),
    ca: edge.read('tls/ca.crt'),
    retries: 0,
  })
  try {
    await assert.rejects(alone.instances.list(), /not trusted/)
    await edge.ams.certificates.add(pem)
    await assert.rejects(edge.ams.certificates.add(pem), /trusted already/)
    const { fingerprint256, raw } = new X509Certificate(pem)
    const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase()
    assert.deepEqual(
      (await edge.ams.certificates.list()).map((found) => [found.fingerprint, found.certificate]),
      [[fingerprint, raw.toString('base64')]],
    )
    const fresh = new AmsClient({
      url: edge.url,
      certificate: pem,
      key: edge.read('alone.key'),
      ca: edge.read('tls/ca.crt'),
      retries: 0,
    })
    assert.deepEqual(await fresh.instances.list(), [])
    await edge.ams.certificates.delete(fingerprint)
    await new Promise((resolve) => setTimeout(resolve, 300))
    await assert.rejects(fresh.instances.list(), /not trusted/)
    await fresh.close()
  } finally {
    await alone.close()
  }
})

test('a revoked certificate is refused within 5 s, on open connections too; what was not revoked goes on', async () => {
  const authority = await openAuthority(edge.path('pki'))
  const credential = await authority.issue({ kind: 'client', name: 'lost', key })
  await saveCredential(edge.path('tls'), 'lost', credential)
  const [good, lost] = [credentialOf('tls', 'client'), credentialOf('tls', 'lost')]
  assert.equal((await call('/1.0/instances', lost)).status, 200)
  writeFileSync(edge.path('crl.pem'), (await authority.crl('control')) + authority.chain('control'))
  await edge.kill('SIGTERM')
  await edge.run({ ANBOX_EDGE_API_REVOCATION_LISTS: edge.path('crl.pem') })
  assert.equal((await call('/1.0/instances', lost)).status, 200)
  const started = performance.now()
  await authority.revoke(credential.serial)
  writeFileSync(edge.path('crl.pem'), (await authority.crl('control')) + authority.chain('control'))
  await until(async () => (await call('/1.0/instances', lost)).status === 401)
  const milliseconds = performance.now() - started
  console.log(`\n  refused ${Math.round(milliseconds)} ms after the revocation`)
  assert.ok(milliseconds < 5_000)
  assert.match((await call('/1.0/instances', lost)).body.error ?? '', /revoked/)
  assert.equal((await call('/1.0/instances', good)).status, 200)
  assert.equal((await call('/1.0', lost)).body.metadata?.auth, 'untrusted')
})

test('while the intermediate of the clients is changed, clients of the old one and of the new one get in, unless revoked', async () => {
  const pki = edge.path('pki')
  const rotation = openRotation(pki)
  const clients: { name: string; revoked: boolean }[] = []
  const write = async (authority: Authority) =>
    writeFileSync(edge.path('crl.pem'), (await authority.crl('control')) + (await authority.issuers('control')))
  let status = await rotation.begin(planRotation({ kind: 'intermediate', purpose: 'control', revoke: false }, []))
  for (;;) {
    const authority = await openAuthority(pki)
    for (const revoked of [false, true]) {
      const name = `${status.stage}-${revoked ? 'lost' : 'kept'}`
      const credential = await authority.issue({ kind: 'client', name, key })
      await saveCredential(edge.path('tls'), name, credential)
      if (revoked) await authority.revoke(credential.serial)
      clients.push({ name, revoked })
    }
    await write(authority)
    process.kill(edge.pid, 'SIGHUP')
    const answers = async () =>
      Promise.all(clients.map(async ({ name }) => (await call('/1.0/instances', credentialOf('tls', name))).status))
    const wanted = clients.map(({ revoked }) => (revoked ? 401 : 200))
    await until(async () => (await answers()).join() === wanted.join())
    if (status.ended) break
    status = await rotation.next()
  }
  assert.equal(clients.length, 12)
})

test('a renewed server certificate is served from the next connection on, at SIGHUP and by itself; a broken one never', async () => {
  const authority = await openAuthority(edge.path('pki'))
  const served = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ host: 'localhost', port: edge.port, ca: edge.read('tls/ca.crt') }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber.toLowerCase() ?? '')
        socket.destroy()
      }).on('error', reject)
    })
  const renew = async () => {
    const credential = await authority.issue({
      kind: 'server',
      name: 'edge',
      dns: ['localhost'],
      ip: ['127.0.0.1'],
      key,
    })
    await saveCredential(edge.path('tls'), 'server', credential)
    return credential.serial.toLowerCase()
  }
  const { instances } = edge.ams
  await instances.list()
  const first = await renew()
  process.kill(edge.pid, 'SIGHUP')
  await until(async () => (await served()).endsWith(first))
  const second = await renew()
  await until(async () => (await served()).endsWith(second))
  writeFileSync(edge.path('tls/server.key'), 'no key')
  process.kill(edge.pid, 'SIGHUP')
  await until(async () => /cannot be used/.test(edge.read('agent.log')))
  assert.ok((await served()).endsWith(second))
  await renew()
  await instances.list()
})

test('the trust password lets a stranger add itself, once it is set, and is never told', async () => {
  const certificate = new X509Certificate(edge.read('alone.crt')).raw.toString('base64')
  const stranger = { cert: edge.read('alone.crt'), key: edge.read('alone.key') }
  const add = (password?: string) =>
    call('/1.0/certificates', { ...stranger, body: { certificate, 'trust-password': password } })
  assert.equal((await add('guess')).status, 403)
  await edge.ams.config.set('core.trust_password', 'open sesame')
  assert.equal((await edge.ams.config.get())['core.trust_password'], true)
  assert.equal((await add()).status, 403)
  assert.equal((await add('guess')).status, 403)
  assert.equal((await add('open sesame')).status, 202)
  assert.equal((await call('/1.0/instances', stranger)).status, 200)
  assert.ok(!edge.read('agent.log').includes('open sesame'))
  await edge.ams.config.set('core.trust_password', '')
  assert.equal((await edge.ams.config.get())['core.trust_password'], false)
})
