// verifyChain says what OpenSSL says, about the one root it is given.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { createAuthority, type Verdict, verifyChain } from '../index.ts'
import { splitPem } from './certificate.ts'
import { keyTypes } from './key.ts'

const test = suite('verifyChain', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-chain-'))
test.after(() => rmSync(directory, { recursive: true }))
const ours = await createAuthority(join(directory, 'ours'), { key: 'ecdsa-p384' })
const theirs = await createAuthority(join(directory, 'theirs'), { key: 'ecdsa-p256' })
const root = ours.rootCertificate
const server = await ours.issue({ kind: 'server', name: 'edge1', dns: ['edge1.example'], ip: ['192.0.2.7'] })
const client = await ours.issue({ kind: 'client', name: 'ops' })

function refused(verdict: Verdict, reason: RegExp): void {
  assert.ok(!verdict.ok)
  assert.match(verdict.reason, reason)
}

test('every type of leaf under every type of authority is good for its purpose only', {
  timeout: 120_000,
}, async () => {
  const authorities = [ours, theirs, await createAuthority(join(directory, 'rsa'))]
  for (const authority of authorities) {
    for (const key of keyTypes) {
      for (const purpose of ['server', 'client'] as const) {
        const dns = purpose === 'server' ? ['a.example'] : []
        const issued = await authority.issue({ kind: purpose, name: 'a', dns, key })
        assert.deepEqual(await verifyChain({ ...issued, purpose }), { ok: true })
        refused(await verifyChain({ ...issued, purpose: purpose === 'server' ? 'client' : 'server' }), /purpose/)
      }
    }
  }
})

test('a certificate of another authority is refused, also with its own root in the chain', async () => {
  const other = await theirs.issue({ kind: 'client', name: 'ops' })
  refused(
    await verifyChain({ certificate: other.certificate, root, purpose: 'client' }),
    /unable to get.* issuer certificate/,
  )
  const withRoot = other.certificate + theirs.rootCertificate
  refused(
    await verifyChain({ certificate: withRoot, root, purpose: 'client' }),
    /self-signed certificate in certificate chain/,
  )
})

test('a leaf with the intermediate of another authority, or none, is refused', async () => {
  const leaf = splitPem(client.certificate)[0] ?? ''
  refused(await verifyChain({ certificate: leaf, root, purpose: 'client' }), /unable to get local issuer/)
  refused(
    await verifyChain({ certificate: leaf + theirs.chain(), root, purpose: 'client' }),
    /unable to get local issuer/,
  )
})

test('an ended certificate and one of the future are refused; `at` judges at another time', async () => {
  const notBefore = new Date(Date.now() - 7_200_000)
  const ended = await ours.issue({ kind: 'client', name: 'a', notBefore, notAfter: new Date(Date.now() - 3_600_000) })
  refused(await verifyChain({ ...ended, purpose: 'client' }), /has expired/)
  const future = await ours.issue({ kind: 'client', name: 'a', notBefore: new Date(Date.now() + 3_600_000) })
  refused(await verifyChain({ ...future, purpose: 'client' }), /not yet valid/)
  assert.deepEqual(await verifyChain({ ...future, purpose: 'client', at: new Date(Date.now() + 7_200_000) }), {
    ok: true,
  })
  refused(await verifyChain({ ...client, purpose: 'client', at: new Date('2050-01-01') }), /has expired/)
})

test('a server is only what its alternative names say', async () => {
  for (const name of ['edge1.example', '192.0.2.7'])
    assert.deepEqual(await verifyChain({ ...server, purpose: 'server', name }), { ok: true })
  // The last is its common name.
  for (const name of ['edge2.example', '192.0.2.8', 'edge1'])
    refused(await verifyChain({ ...server, purpose: 'server', name }), /is not for/)
})

test('a leaf signs no other leaf, and a CA is no client', async () => {
  const { buildCertificate, makeSerial } = await import('./certificate.ts')
  const { keyFromPem, makeKey } = await import('./key.ts')
  const forged = await buildCertificate(
    {
      subject: { organization: 'x', commonName: 'x' },
      publicKey: await makeKey('ecdsa-p256'),
      serial: makeSerial(),
      notBefore: new Date(Date.now() - 1000),
      notAfter: new Date(Date.now() + 3_600_000),
      use: { kind: 'client', name: 'x', dns: [], ip: [], uri: ['anbox:client/x'], email: [] },
    },
    { key: keyFromPem(client.key), certificate: splitPem(client.certificate)[0] },
  )
  refused(
    await verifyChain({ certificate: forged + client.certificate, root, purpose: 'client' }),
    /invalid CA certificate/,
  )
  refused(await verifyChain({ certificate: ours.chain(), root, purpose: 'client' }), /purpose/)
})

test('a changed byte is noticed', async () => {
  const [leaf = '', intermediate = ''] = splitPem(client.certificate)
  const der = Buffer.from(leaf.replace(/-----[^-]+-----/g, ''), 'base64')
  const end = der.length - 1
  der[end] = (der[end] ?? 0) ^ 1
  const changed = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`
  refused(await verifyChain({ certificate: changed + intermediate, root, purpose: 'client' }), /signature failure/)
})

test('a short RSA key is refused, whoever signed it', async () => {
  const at = (name: string) => join(directory, name)
  const make = (name: string, ...args: string[]) =>
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-nodes',
        '-newkey',
        ...args,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.crt`),
      ],
      { stdio: 'ignore' },
    )
  make('strong', 'rsa:2048')
  const strong = readFileSync(at('strong.crt'), 'utf8')
  make(
    'weak',
    'rsa:1024',
    '-CA',
    at('strong.crt'),
    '-CAkey',
    at('strong.key'),
    '-addext',
    'basicConstraints=CA:FALSE',
    '-addext',
    'authorityKeyIdentifier=keyid',
  )
  const weak = readFileSync(at('weak.crt'), 'utf8')
  refused(await verifyChain({ certificate: weak, root: strong, purpose: 'client' }), /key too weak/)
})

test('what is no certificate is refused; without a root there is no verdict', async () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  for (const certificate of ['', 'hello', broken, client.certificate + broken])
    refused(await verifyChain({ certificate, root, purpose: 'client' }), /not a certificate/)
  refused(await verifyChain({ certificate: client.certificate.repeat(9), root, purpose: 'client' }), /more than 10/)
  await assert.rejects(verifyChain({ ...client, root: '', purpose: 'client' }), { code: 'invalid_request' })
})

test('what the environment trusts does not count; without openssl there is no verdict', async () => {
  const other = await theirs.issue({ kind: 'client', name: 'ops' })
  const { PATH } = process.env
  process.env.SSL_CERT_FILE = join(directory, 'theirs/root/ca.crt')
  try {
    refused(await verifyChain({ certificate: other.certificate, root, purpose: 'client' }), /unable to get/)
    process.env.PATH = directory
    await assert.rejects(verifyChain({ ...client, purpose: 'client' }), { code: 'openssl_missing' })
  } finally {
    process.env.PATH = PATH
    delete process.env.SSL_CERT_FILE
  }
})
