// How long a revoked certificate goes on being good, at every service: for new connections, and on one that is open.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { suite } from '@anbox/harness'
import { type Credential, enrol, openAuthority, renew, startEnrolmentServer, TokenStore } from '@anbox/pki'
import { connect as connectNats } from 'nats'
import { Edge } from './edge.ts'
import { Deployment } from './services/deployment.ts'
import { Etcd } from './services/etcd.ts'
import { Lxd } from './services/lxd.ts'
import { identityOf, Nats } from './services/nats.ts'
import { type Visit, visit } from './services/peer.ts'
import { Table } from './services/table.ts'

const test = suite('revocation', { timeout: 60_000 })
/** Milliseconds that NATS and our own HTTPS have. */
const limit = 5_000
const columns = ['new connections', 'an open connection', 'by what']
const table = new Table(columns, ['NATS', 'etcd', 'LXD', 'agent: removed', 'agent: listed', 'EST server'])
const started = new AsyncDisposableStack()
let deployment: Deployment

test.before(async () => {
  deployment = started.use(await Deployment.create())
})
test.after(async () => {
  await started.disposeAsync()
  console.log(`\n\n${table}\n`)
})

const shown = ({ certificate, key }: Credential) => ({ cert: certificate, key })
const ms = (time: number) => `${Math.round(time)} ms`

/** Milliseconds from `since` until it is refused, asked again and again. */
async function refusedAfter(since: number, ask: () => Promise<Visit>): Promise<number> {
  while ((await ask()).ok) await sleep(5)
  return performance.now() - since
}

test('NATS cuts the live connection, and nobody else', async () => {
  await using nats = await Nats.start(deployment, ['ann', 'lost'])
  const credentials = {
    ann: await deployment.client('messaging', 'ann'),
    lost: await deployment.client('messaging', 'lost'),
  }
  const live = (name: 'ann' | 'lost') =>
    connectNats({
      servers: `tls://localhost:${nats.port}`,
      user: identityOf(name),
      pass: nats.tokens.get(name),
      reconnect: false,
      tls: { ca: deployment.root, cert: credentials[name].certificate, key: credentials[name].key },
    })
  const [ann, lost] = [await live('ann'), await live('lost')]
  await lost.flush()
  const password = nats.tokens.get('lost')
  const since = performance.now()
  const closed = lost.closed().then(() => performance.now() - since)
  await deployment.authority.revoke(credentials.lost.serial, 'keyCompromise')
  await nats.remove('lost')
  const refused = await refusedAfter(since, () =>
    nats.visit({ ...shown(credentials.lost), user: identityOf('lost'), password }),
  )
  const cut = await closed
  await ann.flush()
  await ann.close()
  table.set('NATS', 'new connections', ms(refused))
  table.set('NATS', 'an open connection', `closed after ${ms(cut)}`)
  table.set('NATS', 'by what', 'user taken away, SIGHUP')
  assert.ok(cut < limit && refused < limit)
})

test('etcd reads the list at each new connection; one that is open lives on until a restart', async () => {
  await using etcd = await Etcd.start(deployment)
  const lost = await deployment.client('etcd', 'lost')
  const ann = await deployment.client('etcd', 'ann')
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const live = (to = agent) =>
    visit(`${etcd.url}/v3/kv/range`, shown(lost), { root: deployment.root, body: { key: 'YQ==' }, agent: to })
  assert.equal((await live()).status, 200)
  const since = performance.now()
  await deployment.authority.revoke(lost.serial, 'keyCompromise')
  await etcd.render()
  const refused = await refusedAfter(since, () => etcd.visit(shown(lost)))
  await sleep(1_000)
  // When this fails etcd has learnt to: say so in docs/explanation/trust.md.
  assert.equal((await live()).status, 200)
  const restarting = performance.now()
  await etcd.restart()
  const cut = performance.now() - restarting
  await assert.rejects(live())
  assert.deepEqual(await etcd.visit(shown(ann)), { ok: true })
  agent.destroy()
  table.set('etcd', 'new connections', ms(refused))
  table.set('etcd', 'an open connection', `lives on; a restart (${ms(cut)}) ends it`)
  table.set('etcd', 'by what', 'revocation list, read by itself')
})

test('LXD asks its trust store at each request', async () => {
  await using lxd = await Lxd.start(deployment)
  const lost = await deployment.client('control', 'lost')
  await lxd.add('lost', lost.certificate)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const live = async (): Promise<Visit> => {
    const { status } = await visit(`${lxd.url}/1.0/instances`, shown(lost), { root: deployment.root, agent })
    return status === 200 ? { ok: true } : { ok: false, reason: String(status) }
  }
  assert.deepEqual(await live(), { ok: true })
  const since = performance.now()
  await deployment.authority.revoke(lost.serial, 'keyCompromise')
  const removed = lxd.lxc('config', 'trust', 'remove', lost.fingerprint)
  const [refused, cut] = await Promise.all([
    refusedAfter(since, () => lxd.visit(shown(lost))),
    refusedAfter(since, live),
  ])
  await removed
  agent.destroy()
  table.set('LXD', 'new connections', ms(refused))
  table.set('LXD', 'an open connection', `refused after ${ms(cut)}`)
  table.set('LXD', 'by what', 'taken out of the trust store')
  assert.ok(cut < limit && refused < limit)
})

/** A connection that is open and idle: when it is closed. */
function idle(edge: Edge, { certificate, key }: Credential): Promise<() => Promise<number>> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { host: 'localhost', port: edge.port, ca: edge.read('tls/ca.crt'), cert: certificate, key },
      () => resolve(() => closed),
    ).on('error', reject)
    const closed = new Promise<number>((done) => socket.resume().once('close', () => done(performance.now())))
  })
}

async function list(edge: Edge, credential: Credential): Promise<Visit> {
  const { status } = await visit(`${edge.url}/1.0/instances`, shown(credential), { root: edge.read('tls/ca.crt') })
  return status === 200 ? { ok: true } : { ok: false, reason: String(status) }
}

test('the agent ends connections of a certificate that was removed, and of one that is on the list', async () => {
  await using edge = await Edge.start()
  const authority = await openAuthority(edge.path('pki'))
  const key = 'ecdsa-p256' as const
  const [single, listed, kept] = await Promise.all(
    ['single', 'listed', 'kept'].map((name) => authority.issue({ kind: 'client', name, key })),
  )
  assert.ok(single && listed && kept)

  // One that nobody signed, added by itself.
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=alone', '-days', '2']
  execFileSync('openssl', [...args, '-keyout', edge.path('alone.key'), '-out', edge.path('alone.crt')], {
    stdio: 'ignore',
  })
  const alone = { ...single, certificate: edge.read('alone.crt') }
  const one: Credential = Object.defineProperty(alone, 'key', { value: edge.read('alone.key'), enumerable: false })
  await edge.ams.certificates.add(one.certificate)
  const closed = await idle(edge, one)
  assert.deepEqual(await list(edge, one), { ok: true })
  const [{ fingerprint = '' } = {}] = await edge.ams.certificates.list()
  const since = performance.now()
  await edge.ams.certificates.delete(fingerprint)
  const refused = await refusedAfter(since, () => list(edge, one))
  const cut = (await closed()) - since
  table.set('agent: removed', 'new connections', ms(refused))
  table.set('agent: removed', 'an open connection', `closed after ${ms(cut)}`)
  table.set('agent: removed', 'by what', 'DELETE /1.0/certificates')
  assert.ok(cut < limit && refused < limit)

  // One of the CA, by the revocation list, which the agent reads together with the certificate of who signed it.
  await edge.kill('SIGTERM')
  const lists = edge.path('control.crl')
  const writeList = async () => writeFileSync(lists, authority.chain() + (await authority.crl()))
  await writeList()
  await edge.run({ ANBOX_EDGE_API_REVOCATION_LISTS: lists })
  assert.deepEqual(await list(edge, listed), { ok: true })
  const ended = await idle(edge, listed)
  const start = performance.now()
  await authority.revoke(listed.serial, 'keyCompromise')
  await writeList()
  const unlisted = await refusedAfter(start, () => list(edge, listed))
  const over = (await ended()) - start
  assert.deepEqual(await list(edge, kept), { ok: true })
  table.set('agent: listed', 'new connections', ms(unlisted))
  table.set('agent: listed', 'an open connection', `closed after ${ms(over)}`)
  table.set('agent: listed', 'by what', 'revocation list, read by itself')
  assert.ok(over < limit && unlisted < limit)
})

test('the EST server renews nothing that was revoked', async () => {
  const { authority } = deployment
  const { certificate, key } = await authority.issue({ kind: 'server', name: 'est', dns: ['localhost'] })
  const server = await startEnrolmentServer({ authority, certificate, key })
  try {
    const { token } = await new TokenStore(join(authority.directory, 'enrolment/tokens')).create({ name: 'edge1' })
    const directory = deployment.path('edge1')
    const url = `https://localhost:${server.port}`
    const { credential } = await enrol({ url, token, ca: deployment.root, directory, key: 'ecdsa-p256' })
    const since = performance.now()
    await authority.revoke(credential.serial, 'keyCompromise')
    await assert.rejects(renew({ directory, force: true }), { code: 'enrolment_refused' })
    const refused = performance.now() - since
    table.set('EST server', 'new connections', ms(refused))
    table.set('EST server', 'an open connection', 'each request is judged')
    table.set('EST server', 'by what', 'the record of the authority')
    assert.ok(refused < limit)
  } finally {
    await server.close()
  }
})
