// What is in the certificates, as OpenSSL reads it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { suite } from '@anbox/harness'
import { createAuthority, openAuthority } from '../index.ts'
import { splitPem } from './certificate.ts'
import { keyTypes } from './key.ts'
import type { CertificateRequest } from './request.ts'

const test = suite('authority', { timeout: 60_000 })
const directory = mkdtempSync(join(tmpdir(), 'pki-authority-'))
test.after(() => rmSync(directory, { recursive: true }))
const authority = await createAuthority(directory, { key: 'ecdsa-p256', name: 'Test Lab' })

function text(pem: string): string {
  return execFileSync('openssl', ['x509', '-noout', '-text'], { input: pem, encoding: 'utf8' }).replace(/\n\s+/g, '\n')
}

test('root and intermediate are CAs with a limited path, and nothing else', () => {
  const root = text(authority.rootCertificate)
  const intermediate = text(authority.chain())
  assert.match(root, /Basic Constraints: critical\nCA:TRUE, pathlen:2\n/)
  assert.match(intermediate, /Basic Constraints: critical\nCA:TRUE, pathlen:0\n/)
  for (const ca of [root, intermediate]) {
    assert.match(ca, /Key Usage: critical\nCertificate Sign, CRL Sign\n/)
    assert.doesNotMatch(ca, /Alternative Name/)
  }
  assert.doesNotMatch(root, /Extended Key Usage|Name Constraints/)
  assert.match(root, /Subject: O = Test Lab, CN = Test Lab root [0-9a-f]{8}\n/)
  assert.match(intermediate, /Subject: O = Test Lab, CN = Test Lab control [0-9a-f]{8}\n/)
})

test('root lives 10 years, intermediate 5, leaf 90 days, all from 5 minutes ago', async () => {
  const leaf = await authority.issue({ kind: 'client', name: 'a' })
  const now = Date.now()
  for (const [pem, days] of [
    [authority.rootCertificate, 3652.5],
    [authority.chain(), 1826],
    [leaf.certificate, 90],
  ] as const) {
    const { validFromDate, validToDate } = new X509Certificate(pem)
    assert.ok(Math.abs(validFromDate.getTime() - (now - 300_000)) < 30_000)
    assert.ok(Math.abs(validToDate.getTime() - now - days * 86_400_000) < 2 * 86_400_000)
  }
})

test('a server certificate says so, and names the server', async () => {
  const { certificate } = await authority.issue({
    kind: 'server',
    name: 'edge1',
    dns: ['Edge1.Example', 'localhost'],
    ip: ['192.0.2.7', '2001:DB8::7'],
  })
  const said = text(certificate)
  assert.match(said, /Subject: O = Test Lab, CN = edge1\n/)
  assert.match(said, /Basic Constraints: critical\nCA:FALSE\n/)
  assert.match(said, /X509v3 Key Usage: critical\nDigital Signature\n/)
  assert.match(said, /Extended Key Usage: ?\nTLS Web Server Authentication\n/)
  assert.match(
    said,
    /\nDNS:edge1\.example, DNS:localhost, IP Address:192\.0\.2\.7, IP Address:2001:DB8:0:0:0:0:0:7, URI:anbox:server\/edge1\n/,
  )
  const [leaf, intermediate] = splitPem(certificate).map((pem) => text(pem))
  const identifier = (of: string | undefined, which: string) =>
    new RegExp(`${which} Key Identifier: ?\\n([0-9A-F:]{59})`).exec(of ?? '')?.[1]
  assert.ok(identifier(leaf, 'Subject'))
  assert.equal(identifier(leaf, 'Authority'), identifier(intermediate, 'Subject'))
  assert.equal(identifier(intermediate, 'Authority'), identifier(text(authority.rootCertificate), 'Subject'))
})

test('a client certificate is for clients, and names no host', async () => {
  const said = text((await authority.issue({ kind: 'client', name: 'ops', uri: ['spiffe://lab/ops'] })).certificate)
  assert.match(said, /Extended Key Usage: ?\nTLS Web Client Authentication\n/)
  assert.match(said, /Alternative Name: ?\nURI:spiffe:\/\/lab\/ops\n/)
})

test('every type of key is what OpenSSL calls it', async () => {
  const words = {
    'rsa-4096': /Public-Key: \(4096 bit\)/,
    'ecdsa-p256': /NIST CURVE: P-256/,
    'ecdsa-p384': /NIST CURVE: P-384/,
  }
  for (const key of keyTypes) {
    const issued = await authority.issue({ kind: 'client', name: 'a', key })
    assert.match(text(issued.certificate), words[key])
    assert.ok(new X509Certificate(issued.certificate).publicKey.equals(createPublicKey(issued.key)))
  }
})

test('serials are positive, of 16 octets, unlike each other and recorded', async () => {
  const issued = await Promise.all(Array.from({ length: 20 }, () => authority.issue({ kind: 'client', name: 'many' })))
  const serials = issued.map(({ serial }) => serial)
  assert.equal(new Set(serials).size, 20)
  for (const serial of serials) assert.match(serial, /^[4-7][0-9a-f]{31}$/)
  const records = readdirSync(join(directory, 'control/issued'))
  for (const serial of serials) assert.ok(records.includes(`${serial}.crt`))
  const listed = (await (await openAuthority(directory)).list()).filter(({ name }) => name === 'many')
  assert.deepEqual(listed.map(({ serial }) => serial).sort(), serials.sort())
})

test('a leaf never outlives its CA', async () => {
  const { notAfter } = await authority.issue({ kind: 'client', name: 'old', days: 3650 })
  assert.deepEqual(notAfter, new X509Certificate(authority.chain()).validToDate)
})

test('times after 2050 are written as X.509 wants them', async () => {
  const { summarize, buildCertificate, makeSerial } = await import('./certificate.ts')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const times = { notBefore: new Date('2049-12-31T23:59:59Z'), notAfter: new Date('2060-01-02T03:04:05Z') }
  const subject = { organization: 'x', commonName: 'x' }
  const pem = await buildCertificate(
    { subject, publicKey: privateKey, serial: makeSerial(), ...times, use: { pathLength: 0 } },
    { key: privateKey },
  )
  assert.deepEqual(summarize(pem).notAfter, times.notAfter)
  const parsed = execFileSync('openssl', ['asn1parse'], { input: pem, encoding: 'utf8' })
  assert.match(parsed, /UTCTIME\s+:491231235959Z/)
  assert.match(parsed, /GENERALIZEDTIME\s+:20600102030405Z/)
})

test('what a certificate cannot say is refused, and nothing is recorded', async () => {
  const before = readdirSync(join(directory, 'control/issued')).length
  const server = { kind: 'server', name: 'a', dns: ['a.example'] } as const
  const wrong: [CertificateRequest, RegExp][] = [
    [{ kind: 'server', name: 'a' }, /needs at least one DNS name/],
    [{ kind: 'client', name: 'a', dns: ['a.example'] }, /only servers/],
    [{ kind: 'client', name: '../a' }, /no name/],
    [{ kind: 'client', name: 'a\nCN=root' }, /no name/],
    [{ kind: 'client', name: '' }, /no name/],
    [{ ...server, dns: ['192.0.2.7'] }, /not a DNS name/],
    [{ ...server, dns: ['a.example, DNS:b.example'] }, /not a DNS name/],
    [{ ...server, dns: ['*'] }, /not a DNS name/],
    [{ ...server, dns: ['bücher.example'] }, /not a DNS name/],
    [{ ...server, ip: ['300.1.1.1'] }, /not an IP address/],
    [{ ...server, ip: ['fe80::1%eth0'] }, /not an IP address/],
    [{ ...server, uri: ['edge1'] }, /not an absolute URI/],
    [{ ...server, uri: ['a:b, DNS:c'] }, /not an absolute URI/],
    [{ ...server, days: 0 }, /days/],
    [{ ...server, days: Number.NaN }, /days/],
    [{ ...server, notBefore: new Date(2), notAfter: new Date(1) }, /later/],
  ]
  for (const [request, reason] of wrong) {
    await assert.rejects(
      authority.issue(request),
      { code: 'invalid_request', message: reason },
      JSON.stringify(request),
    )
  }
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
  await assert.rejects(authority.certify(server, weak), { code: 'invalid_request' })
  assert.equal(readdirSync(join(directory, 'control/issued')).length, before)
})

test('printing, spreading or serialising a credential or an authority shows no key', async () => {
  const credential = await authority.issue({ kind: 'client', name: 'a' })
  assert.match(credential.key, /BEGIN PRIVATE KEY/)
  const secret = credential.key.split('\n')[1] ?? ''
  for (const shown of [
    inspect(credential, { depth: 9 }),
    JSON.stringify(credential),
    inspect({ ...credential }),
    inspect(authority, { depth: 9, showHidden: true }),
  ]) {
    assert.doesNotMatch(shown, /PRIVATE KEY/)
    assert.ok(!shown.includes(secret))
  }
})

test('loading the package loads neither of the two large libraries', () => {
  const script = `import ${JSON.stringify(join(import.meta.dirname, '../index.ts'))}
    import { createRequire } from 'node:module'
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => /x509|reflect|forge/.test(path))
    console.log(typeof Reflect.getMetadata, loaded.length)`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(said.trim(), 'undefined 0')
})
