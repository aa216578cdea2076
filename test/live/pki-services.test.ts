// Who gets into nats-server, etcd, coturn and LXD, each started with what `render` wrote. At the end a table of every bad
// peer at every service, with what the service did.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { type Credential, joinLxd, makeSecret, mintAccountToken, purposes, turnUser } from '@anbox/pki'
import { connect } from 'nats'
import { run, systemEnvironment } from '../../scripts/command.ts'
import { Coturn } from './services/coturn.ts'
import { Deployment, shortLife } from './services/deployment.ts'
import { Etcd } from './services/etcd.ts'
import { Lxd } from './services/lxd.ts'
import { identityOf, Nats } from './services/nats.ts'
import type { Peer, Visit } from './services/peer.ts'
import { Table } from './services/table.ts'

const test = suite('services with rendered configurations', { timeout: 120_000 })
const services = ['NATS', 'etcd', 'coturn', 'LXD'] as const
type Service = (typeof services)[number]
const appended = "a stranger who shows a trusted one's certificate too"
const table = new Table(services, [
  'the right client',
  'no TLS',
  'TLS 1.2',
  'no certificate',
  'a certificate of another root',
  ...purposes.map((purpose) => `a certificate for ${purpose}`),
  "a server's certificate",
  'a client nobody named',
  'a certificate that ended',
  'a revoked certificate',
  appended,
  'no token',
  'a wrong token',
  "another client's token",
  "another client's certificate",
  'no TURN user',
  'a TURN user of another secret',
  'a TURN user of the secret before',
  'a TURN user that ended',
  'a TURN user who gave itself more time',
])
const started = new AsyncDisposableStack()
let deployment: Deployment
let nats: Nats
let etcd: Etcd
let coturn: Coturn
let lxd: Lxd
/** The purposes of NATS, etcd and LXD. */
const own = ['messaging', 'etcd', 'control'] as const
const secrets = [makeSecret(), makeSecret()] as const

test.before(
  async () => {
    deployment = started.use(await Deployment.create())
    nats = started.use(await Nats.start(deployment, ['ann', 'bob', 'late', 'lost']))
    etcd = started.use(await Etcd.start(deployment))
    coturn = started.use(await Coturn.start(deployment, [secrets[0]]))
    lxd = started.use(await Lxd.start(deployment))
  },
  { timeout: 60_000 },
)
test.after(
  async () => {
    await started.disposeAsync()
    console.log(`\n\n${table}\n`)
  },
  { timeout: 60_000 },
)

const shown = ({ certificate, key }: Credential): Peer => ({ cert: certificate, key })
/** The leaf, without the intermediate behind it. */
const leafOf = ({ certificate }: Credential) => certificate.slice(0, certificate.indexOf('-----END') + 26)

async function letsIn(service: Service, who: string, visit: Promise<Visit>): Promise<void> {
  const found = await visit
  table.set(who, service, found.ok ? 'gets in' : `REFUSED: ${found.reason}`)
  assert.ok(found.ok, `${service}: ${who}: ${JSON.stringify(found)}`)
}

async function refuses(service: Service, who: string, visit: Promise<Visit>): Promise<void> {
  const found = await visit
  table.set(who, service, found.ok ? 'GETS IN' : found.reason)
  assert.ok(!found.ok, `${service}: ${who} got in`)
}

test('NATS: the certificate and its own token together get in, with the client that the agent uses', async () => {
  const ann = await deployment.client('messaging', 'ann')
  const password = nats.tokens.get('ann')
  const as = (peer: Peer) => nats.visit({ user: identityOf('ann'), password, ...peer })
  const connection = await connect({
    servers: `tls://localhost:${nats.port}`,
    user: identityOf('ann'),
    pass: password,
    tls: { ca: deployment.root, cert: ann.certificate, key: ann.key },
  })
  await connection.flush()
  await connection.close()
  await letsIn('NATS', 'the right client', as(shown(ann)))
  await refuses('NATS', 'no certificate', as({}))
  await refuses('NATS', 'no TLS', as({ plain: true }))
  await refuses('NATS', 'TLS 1.2', as({ ...shown(ann), maxVersion: 'TLSv1.2' }))
  await refuses('NATS', 'no token', nats.visit(shown(ann)))
  await refuses('NATS', 'a wrong token', as({ ...shown(ann), password: makeSecret() }))
  await refuses('NATS', "another client's token", as({ ...shown(ann), password: nats.tokens.get('bob') }))
  const bob = await deployment.client('messaging', 'bob')
  await refuses('NATS', "another client's certificate", as(shown(bob)))
  await refuses('NATS', 'a client nobody named', as(shown(await deployment.client('messaging', 'eve'))))
  for (const [who, credential] of Object.entries(await deployment.impostors('nats')))
    await refuses('NATS', who, as(shown(credential)))
  const stranger = (await deployment.impostors('nats'))['a certificate of another root'] as Credential
  await refuses('NATS', appended, as({ cert: leafOf(stranger) + ann.certificate, key: stranger.key }))
})

test('NATS: when the last client is taken away nobody gets in', async () => {
  await using server = await Nats.start(deployment, ['ann'])
  const ann = { ...shown(await deployment.client('messaging', 'ann')), user: identityOf('ann') }
  const password = server.tokens.get('ann')
  assert.deepEqual(await server.visit({ ...ann, password }), { ok: true })
  await server.remove('ann')
  while ((await server.visit({ ...ann, password })).ok) await sleep(20)
  for (const user of [identityOf('ann'), '(nobody)', undefined])
    assert.equal((await server.visit({ ...ann, user, password: '(nothing)' })).ok, false)
})

test('NATS: with one token for everybody, a certificate is needed too, and a new token cuts those who have the old', async () => {
  const shared = makeSecret()
  await using server = await Nats.start(deployment, { shared })
  const { certificate: cert, key } = await deployment.client('messaging', 'ann')
  const agent = await deployment.client('agents', 'ann')
  assert.deepEqual(await server.visit({ cert, key, token: shared }), { ok: true })
  assert.equal((await server.visit({ cert, key, token: makeSecret() })).ok, false)
  assert.equal((await server.visit({ cert, key })).ok, false)
  assert.equal((await server.visit({ token: shared })).ok, false)
  assert.equal((await server.visit({ ...shown(agent), token: shared })).ok, false)
  const servers = `tls://localhost:${server.port}`
  const live = await connect({ servers, token: shared, reconnect: false, tls: { ca: deployment.root, cert, key } })
  await live.flush()
  server.shared = makeSecret()
  await server.change()
  await live.closed()
})

test('etcd: only a certificate of its own intermediate gets in: no agent, and nobody of the other purposes', async () => {
  const ann = await deployment.client('etcd', 'ann')
  await letsIn('etcd', 'the right client', etcd.visit(shown(ann)))
  await refuses('etcd', 'no certificate', etcd.visit({}))
  await refuses('etcd', 'no TLS', etcd.visit({ plain: true }))
  await refuses('etcd', 'TLS 1.2', etcd.visit({ ...shown(ann), maxVersion: 'TLSv1.2' }))
  for (const [who, credential] of Object.entries(await deployment.impostors('etcd')))
    await refuses('etcd', who, etcd.visit(shown(credential)))
  const stranger = (await deployment.impostors('etcd'))['a certificate of another root'] as Credential
  await refuses('etcd', appended, etcd.visit({ cert: leafOf(stranger) + ann.certificate, key: stranger.key }))
})

test("etcd: a client's certificate is no member's", async () => {
  const url = `https://127.0.0.1:${etcd.peerPort}/members`
  const visit = await etcd.visit(shown(await deployment.client('etcd', 'ann')), url)
  assert.deepEqual(visit, { ok: false, reason: 'TLS alert: bad certificate' })
  const member = await etcd.visit(shown(await deployment.server('etcd')), url)
  assert.match(JSON.stringify(member), /HTTP 405|"ok":true/)
})

test('etcd: three members find together', async () => {
  await using stack = new AsyncDisposableStack()
  const members = await Etcd.cluster(deployment, ['one', 'two', 'three'])
  for (const member of members) stack.use(member)
  const ann = shown(await deployment.client('etcd', 'ann'))
  for (const member of members) assert.deepEqual(await member.visit(ann), { ok: true })
})

test('coturn: a temporary user of a valid secret gets in; a wrong one, an ended one and TLS 1.2 do not', async () => {
  const user = (secret: string, ttl = 60, now?: Date): Peer => {
    const { username, password } = turnUser(secret, 'viewer', ttl, now)
    return { user: username, password }
  }
  const good = user(secrets[0])
  await letsIn('coturn', 'no certificate', coturn.hello({}))
  await refuses('coturn', 'no TLS', coturn.hello({ plain: true }))
  await refuses('coturn', 'TLS 1.2', coturn.hello({ maxVersion: 'TLSv1.2' }))
  await Promise.all([
    letsIn('coturn', 'the right client', coturn.visit(good)),
    refuses('coturn', 'a TURN user of another secret', coturn.visit(user(makeSecret()))),
    refuses('coturn', 'a TURN user that ended', coturn.visit(user(secrets[0], 60, new Date(Date.now() - 90_000)))),
    refuses('coturn', 'a TURN user who gave itself more time', coturn.visit({ ...good, user: `${4e9}:viewer` })),
    refuses('coturn', 'no TURN user', coturn.visit({ user: 'viewer', password: 'guess' })),
  ])
})

test('coturn: while its secret is rotated users of both get in, and afterwards those of the old one do not', async () => {
  const users = secrets.map((secret) => turnUser(secret, 'viewer', 300))
  const visit = ({ username: user, password }: { username: string; password: string }) =>
    coturn.visit({ user, password })
  const [old, fresh] = users as [(typeof users)[0], (typeof users)[0]]
  assert.equal((await visit(fresh)).ok, false)
  await coturn.setSecrets([secrets[1], secrets[0]])
  assert.deepEqual(await Promise.all([visit(old), visit(fresh)]), [{ ok: true }, { ok: true }])
  await coturn.setSecrets([secrets[1]])
  const [before, after] = await Promise.all([visit(old), visit(fresh)])
  assert.deepEqual([before?.ok, after?.ok], [false, true])
  table.set('a TURN user of the secret before', 'coturn', before && !before.ok ? before.reason : 'GETS IN')
})

test('coturn: users reach only whom they may, where that is said', async () => {
  const { username: user, password } = turnUser(secrets[1], 'viewer', 300)
  await coturn.setPeers(['10.20.0.1-10.20.0.254'])
  assert.deepEqual(await coturn.visit({ user, password }), { ok: false, reason: 'Forbidden IP' })
})

test('LXD: who joined with a trust token gets in, and LXD has registered that one certificate', async () => {
  const ann = await deployment.client('control', 'ann')
  await refuses('LXD', 'a client nobody named', lxd.visit(shown(ann)))
  const token = await lxd.token('ann')
  const joined = await joinLxd({ token, certificate: ann.certificate, key: ann.key })
  assert.deepEqual([joined.state, joined.name, joined.fingerprint], ['joined', 'ann', ann.fingerprint])
  assert.deepEqual(joined.authorities, [])
  const registered = await lxd.trusted()
  assert.deepEqual(
    registered.map(({ name, fingerprint }) => [name, fingerprint]),
    [['ann', ann.fingerprint]],
  )
  await letsIn('LXD', 'the right client', lxd.visit(shown(ann)))
  await refuses('LXD', 'no certificate', lxd.visit({}))
  await refuses('LXD', 'no TLS', lxd.visit({ plain: true }))
  await refuses('LXD', 'TLS 1.2', lxd.visit({ ...shown(ann), maxVersion: 'TLSv1.2' }))
  for (const [who, credential] of Object.entries(await deployment.impostors('lxd')))
    await refuses('LXD', who, lxd.visit(shown(credential)))
  // The same once more: a lost answer does no harm.
  assert.equal((await joinLxd({ token, certificate: ann.certificate, key: ann.key })).state, 'kept')
})

test('LXD: one certificate is sent even where OpenSSL knows the CAs that it leads to, and would send them along', async () => {
  const ann = await deployment.client('control', 'known')
  const token = await lxd.token('known')
  const url = JSON.stringify(import.meta.resolve('@anbox/pki'))
  const program = `import { joinLxd } from ${url}; await joinLxd(JSON.parse(process.env.JOIN))`
  // Every context of this Node has the CAs in its store.
  const extra = deployment.path('extra.pem')
  writeFileSync(extra, deployment.trust('lxd') + deployment.root)
  await run(process.execPath, ['--input-type=module', '-e', program], {
    env: {
      ...systemEnvironment(),
      NODE_EXTRA_CA_CERTS: extra,
      JOIN: JSON.stringify({ token, certificate: ann.certificate, key: ann.key }),
    },
  })
  const registered = (await lxd.trusted()).find(({ name }) => name === 'known')
  assert.equal(registered?.fingerprint, ann.fingerprint)
})

test('LXD: a trust token that is used up, spoilt, or for another server is refused, and not sent to the other', async () => {
  const bob = await deployment.client('control', 'bob')
  const join = (token: string) => joinLxd({ token, certificate: bob.certificate, key: bob.key })
  const token = await lxd.token('used')
  const eve = await deployment.client('control', 'used')
  await joinLxd({ token, certificate: eve.certificate, key: eve.key })
  const changed = (change: object) =>
    Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(token, 'base64').toString()), ...change })).toString(
      'base64',
    )
  await assert.rejects(join(token), { code: 'enrolment_refused', status: 403 })
  await assert.rejects(join(changed({ expires_at: '2020-01-01T00:00:00Z' })), /ended on 2020/)
  await assert.rejects(join(changed({ fingerprint: '0'.repeat(64) })), { code: 'server_untrusted' })
  await assert.rejects(join(changed({ addresses: ['127.0.0.1:1'] })), { code: 'enrolment_unavailable' })
  await assert.rejects(join('no token'), { code: 'invalid_request' })
  const wrong = await join(changed({ secret: '00' })).then(
    () => ({ ok: true as const }),
    (error: Error & { status: number }) => ({ ok: false as const, reason: `HTTP ${error.status} ${error.message}` }),
  )
  await refuses('LXD', 'a wrong token', Promise.resolve(wrong))
  assert.equal((await lxd.visit(shown(bob))).ok, false)
  const ca = { certificate: deployment.trust('lxd'), key: bob.key }
  await assert.rejects(joinLxd({ token: await lxd.token('ca'), ...ca }), /CA's certificate/)
})

test("LXD 5.0.2 lets in a stranger who shows a trusted one's public certificate: its port is no security boundary", async () => {
  const ann = await deployment.client('control', 'shown')
  await lxd.add('shown', ann.certificate)
  const { 'a certificate of another root': stranger } = await deployment.impostors('lxd')
  assert.ok(stranger)
  await refuses('LXD', 'a certificate of another root', lxd.visit(shown(stranger)))
  const found = await lxd.visit({ cert: leafOf(stranger) + leafOf(ann), key: stranger.key })
  // When this fails LXD was mended: say so in docs/explanation/trust.md.
  assert.deepEqual(found, { ok: true })
  table.set(appended, 'LXD', 'GETS IN (a defect of LXD 5.0.2)')
})

test('a certificate that has ended is refused everywhere, where it got in before', async () => {
  const end = new Date(Math.ceil(Date.now() / 1000) * 1000 + shortLife * 1000)
  const late = await Promise.all(own.map((purpose) => deployment.client(purpose, 'late', end)))
  const [forNats, forEtcd, forLxd] = late as [Credential, Credential, Credential]
  await lxd.add('late', forLxd.certificate)
  const visits = {
    NATS: () => nats.visit({ ...shown(forNats), user: identityOf('late'), password: nats.tokens.get('late') }),
    etcd: () => etcd.visit(shown(forEtcd)),
    LXD: () => lxd.visit(shown(forLxd)),
  }
  for (const visit of Object.values(visits)) assert.deepEqual(await visit(), { ok: true })
  await sleep(end.getTime() + 1000 - Date.now())
  for (const [service, visit] of Object.entries(visits))
    await refuses(service as keyof typeof visits, 'a certificate that ended', visit())
})

test('a revoked certificate is refused everywhere, where it got in before', async () => {
  const lost = await Promise.all(own.map((purpose) => deployment.client(purpose, 'lost')))
  const [forNats, forEtcd, forLxd] = lost as [Credential, Credential, Credential]
  await lxd.add('lost', forLxd.certificate)
  const password = nats.tokens.get('lost')
  const visits = {
    NATS: () => nats.visit({ ...shown(forNats), user: identityOf('lost'), password }),
    etcd: () => etcd.visit(shown(forEtcd)),
    LXD: () => lxd.visit(shown(forLxd)),
  }
  for (const visit of Object.values(visits)) assert.deepEqual(await visit(), { ok: true })
  for (const { serial } of lost) await deployment.authority.revoke(serial, 'keyCompromise')
  await nats.remove('lost')
  await etcd.render()
  await lxd.lxc('config', 'trust', 'remove', forLxd.fingerprint)
  await sleep(500)
  for (const [service, visit] of Object.entries(visits))
    await refuses(service as keyof typeof visits, 'a revoked certificate', visit())
})

test('no secret is in the log of a service', () => {
  const known = [
    ...nats.tokens.values(),
    ...secrets,
    mintAccountToken(secrets[0], { account: 'a', expires: new Date(4e12) }),
  ]
  for (const log of [nats.log, etcd.log, coturn.log]) {
    assert.ok(log.length > 0)
    for (const secret of known) assert.ok(!log.includes(secret))
  }
})
