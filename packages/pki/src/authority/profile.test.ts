// What each intermediate is held to: by this package when it issues, and by OpenSSL when its key is in other hands.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import {
  type CertificateRequest,
  createAuthority,
  type Purpose,
  purposes,
  type Verdict,
  verifyChain,
} from '../index.ts'
import { buildCertificate, makeSerial } from './certificate.ts'
import { keyFromPem, makeKey } from './key.ts'
import { profiles } from './profile.ts'
import type { Kind, Names } from './request.ts'

const test = suite('profiles', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-profile-'))
test.after(() => rmSync(directory, { recursive: true }))
const authority = await createAuthority(directory, { key: 'ecdsa-p256' })
const root = authority.rootCertificate

/** What a thief of the intermediate's key could sign. */
async function forge(purpose: Purpose, names: Partial<Names>): Promise<string> {
  const leaf = await buildCertificate(
    {
      subject: { organization: 'x', commonName: names.name ?? 'x' },
      publicKey: await makeKey('ecdsa-p256'),
      serial: makeSerial(),
      notBefore: new Date(Date.now() - 1000),
      notAfter: new Date(Date.now() + 3_600_000),
      use: { kind: 'client', name: 'x', dns: [], ip: [], uri: [], email: [], ...names },
    },
    {
      key: keyFromPem(readFileSync(join(directory, purpose, 'ca.key'), 'utf8')),
      certificate: authority.chain(purpose),
    },
  )
  return leaf + authority.chain(purpose)
}

function refused(verdict: Verdict, reason: RegExp, what: string): void {
  assert.ok(!verdict.ok, what)
  assert.match(verdict.reason, reason, what)
}

test('every kind of every purpose is issued, and good as that kind under the shared root', async () => {
  for (const purpose of purposes) {
    for (const kind of profiles[purpose].kinds) {
      const dns = kind === 'client' ? [] : ['a.example']
      const issued = await authority.issue({
        purpose,
        kind,
        name: 'a',
        dns,
        ip: kind === 'client' ? [] : ['192.0.2.1'],
      })
      assert.deepEqual(await verifyChain({ ...issued, purpose: kind }), { ok: true }, `${purpose} ${kind}`)
      const [listed] = (await authority.list()).filter(({ serial }) => serial === issued.serial)
      assert.deepEqual([listed?.purpose, listed?.kind], [purpose, kind])
      assert.equal(listed?.uri[0], `${profiles[purpose].identity(kind)}a`)
    }
  }
})

test('no two purposes share an identity', () => {
  const all = purposes.flatMap((purpose) => profiles[purpose].kinds.map(profiles[purpose].identity))
  const distinct = new Set(all)
  for (const one of distinct) assert.ok(![...distinct].some((other) => other !== one && other.startsWith(one)), one)
})

test("etcd's anchor knows no other purpose's certificates", async () => {
  const anchor = { root: authority.intermediate('etcd').certificate, partial: true } as const
  for (const purpose of purposes) {
    const { certificate } = await authority.issue({ purpose, kind: 'client', name: 'a' })
    const verdict = await verifyChain({ certificate, ...anchor, purpose: 'client' })
    if (purpose === 'etcd') assert.deepEqual(verdict, { ok: true })
    else refused(verdict, /unable to get/, purpose)
    refused(
      await verifyChain({ certificate: certificate + root, ...anchor, partial: false, purpose: 'client' }),
      /./,
      '',
    )
  }
})

test('what a profile does not have is refused', async () => {
  const wrong: [CertificateRequest, RegExp][] = [
    [{ purpose: 'agents', kind: 'server', name: 'a', dns: ['a.example'] }, /kind must be client for agents/],
    [{ purpose: 'instances', kind: 'peer', name: 'a', dns: ['a.example'] }, /kind must be client/],
    [{ purpose: 'control', kind: 'peer', name: 'a', dns: ['a.example'] }, /kind must be server or client/],
    [{ purpose: 'agents', kind: 'client', name: 'edge1.example' }, /leave out the dots/],
    [{ purpose: 'agents', kind: 'client', name: 'a', uri: ['anbox:client/ops'] }, /anbox:agent\/NAME/],
    [{ purpose: 'control', kind: 'client', name: 'a', uri: ['anbox:server/ams'] }, /anbox:client\/NAME/],
    [{ purpose: 'control', kind: 'client', name: 'a', uri: ['ANBOX:agent/x'] }, /not an identity/],
    [{ purpose: 'agents', kind: 'client', name: 'a', email: ['a@b.example'] }, /no e-mail/],
    [{ purpose: 'messaging', kind: 'client', name: 'a', email: ['a@b@c'] }, /not an e-mail/],
    [{ purpose: 'messaging', kind: 'client', name: 'a', email: ['a, URI:x@b'] }, /not an e-mail/],
    [{ purpose: 'agents', kind: 'client', name: 'a', days: 91 }, /at most 90/],
    [{ purpose: 'agents', kind: 'client', name: 'a', notAfter: new Date('2040-01-01') }, /at most 90 days/],
    [{ purpose: 'agents', kind: 'client', name: 'a', serial: '../../x' }, /serial/],
    [{ purpose: 'root' as Purpose, kind: 'client', name: 'a' }, /no purpose/],
  ]
  const before = (await authority.list()).length
  for (const [request, reason] of wrong)
    await assert.rejects(
      authority.issue(request),
      { code: 'invalid_request', message: reason },
      JSON.stringify(request),
    )
  assert.equal((await authority.list()).length, before)
})

test('a stolen intermediate is held to its profile by OpenSSL', async () => {
  const use = (kind: Kind, names: Partial<Names>) => ({ kind, ...names })
  for (const purpose of ['agents', 'instances'] as const) {
    const server = await forge(purpose, use('server', { uri: ['anbox:x'] }))
    refused(await verifyChain({ certificate: server, root, purpose: 'server' }), /purpose/, `${purpose}: a server`)
    for (const names of [
      { dns: ['a.example'] },
      { dns: ['localhost'] },
      { ip: ['192.0.2.1'] },
      { ip: ['2001:db8::1'] },
      { name: 'edge1.example', uri: ['anbox:x'] },
    ]) {
      const certificate = await forge(purpose, names)
      const what = `${purpose}: ${JSON.stringify(names)}`
      refused(await verifyChain({ certificate, root, purpose: 'client' }), /excluded subtree violation/, what)
    }
  }
  for (const purpose of purposes.filter((one) => !profiles[one].email)) {
    const certificate = await forge(purpose, { email: ['user@example.org'] })
    refused(await verifyChain({ certificate, root, purpose: 'client' }), /permitted subtree violation/, purpose)
  }
  const harmless = await forge('agents', { uri: ['anbox:agent/x'] })
  assert.deepEqual(await verifyChain({ certificate: harmless, root, purpose: 'client' }), { ok: true })
})

test('NATS finds its user in the e-mail address of a messaging certificate', async () => {
  const issued = await authority.issue({
    purpose: 'messaging',
    kind: 'client',
    name: 'a',
    email: ['Agent@Nats.Example'],
  })
  assert.deepEqual(await verifyChain({ ...issued, purpose: 'client' }), { ok: true })
  const [listed] = (await authority.list()).filter(({ serial }) => serial === issued.serial)
  assert.deepEqual(listed?.email, ['Agent@nats.example'])
})
