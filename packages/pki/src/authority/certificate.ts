// Certificates: built by @peculiar/x509 (which only writes here), read by OpenSSL (node:crypto).
import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { constraintsExtension } from './constraints.ts'
import { signingKey } from './key.ts'
import type { Profile } from './profile.ts'
import { canonicalIp, type Kind, type Names } from './request.ts'

export type Content = {
  subject: { organization: string; commonName: string }
  /** Of the subject: a public key, or the private key it belongs to. */
  publicKey: KeyObject
  /** Lower-case hexadecimal, see `makeSerial`. */
  serial: string
  notBefore: Date
  notAfter: Date
  /** How many CAs may follow this one and what they are held to, or the names of a leaf. */
  use: { pathLength: number; profile?: Profile } | Names
}
/** Who signs: its key, and its certificate unless it signs itself. */
export type Issuer = { key: KeyObject; certificate?: string }

const serverAuth = '1.3.6.1.5.5.7.3.1'
const clientAuth = '1.3.6.1.5.5.7.3.2'
const usages: Record<Kind, string[]> = { server: [serverAuth], client: [clientAuth], peer: [serverAuth, clientAuth] }

/** 16 octets, 126 of their bits random. The first octet is 40 to 7f: positive and without a leading zero. */
export function makeSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

/** Signs a certificate (PEM). */
export async function buildCertificate(content: Content, issuer: Issuer): Promise<string> {
  const x509 = await builder()
  const spki = publicKeyDer(content.publicKey)
  const above = issuer.certificate ? await readIssuer(issuer.certificate) : undefined
  const subject = new x509.Name([{ O: [content.subject.organization] }, { CN: [content.subject.commonName] }])
  const signer = signingKey(issuer.key)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: content.serial,
    subject,
    issuer: above?.subjectName ?? subject,
    notBefore: wholeSeconds(content.notBefore),
    notAfter: wholeSeconds(content.notAfter),
    publicKey: spki,
    signingKey: signer.key,
    signingAlgorithm: { name: signer.key.algorithm.name, hash: signer.hash },
    extensions: [
      ...extensions(x509, content.use),
      await x509.SubjectKeyIdentifierExtension.create(spki),
      // Left out of a self-signed certificate, as RFC 5280, 4.2.1.1 allows.
      ...(above ? [new x509.AuthorityKeyIdentifierExtension(above.keyIdentifier)] : []),
    ],
  })
  return `${certificate.toString('pem').trim()}\n`
}

type Builder = typeof import('@peculiar/x509')

/** Loaded where it is needed only: it takes 100 to 200 ms. It needs `reflect-metadata` to be there before it. */
async function builder(): Promise<Builder> {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

function extensions(x509: Builder, use: Content['use']) {
  if ('pathLength' in use) {
    return [
      new x509.BasicConstraintsExtension(true, use.pathLength, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ...(use.profile ? held(x509, use.profile) : []),
    ]
  }
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    // TLS 1.3 only ever signs, with RSA too: no key encipherment.
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(usages[use.kind]),
    new x509.SubjectAlternativeNameExtension([
      ...use.dns.map((value) => ({ type: 'dns', value }) as const),
      ...use.ip.map((value) => ({ type: 'ip', value }) as const),
      ...use.uri.map((value) => ({ type: 'url', value }) as const),
      ...use.email.map((value) => ({ type: 'email', value }) as const),
    ]),
  ]
}

/** What its certificates and lists repeat of a CA: its name (DER, as the CA bears it) and the identifier of its key. */
export function issuerOf(pem: string): Promise<{ name: Buffer; keyIdentifier: string }> {
  return readIssuer(pem)
}

// Not in what this file declares: who installs the package need not have the types of the certificate library's own needs.
async function readIssuer(pem: string): Promise<IssuerNames> {
  const known = issuers.get(pem)
  if (known) return known
  const x509 = await builder()
  const certificate = new x509.X509Certificate(pem)
  const { subjectName } = certificate
  const found = {
    subjectName,
    name: Buffer.from(subjectName.toArrayBuffer()),
    keyIdentifier: keyIdentifier(x509, certificate),
  }
  if (issuers.size >= mostIssuers) issuers.clear()
  issuers.set(pem, found)
  return found
}
type IssuerNames = { subjectName: InstanceType<Builder['Name']>; name: Buffer; keyIdentifier: string }
/** Reading a CA takes as long as half a signature. */
const issuers = new Map<string, IssuerNames>()
const mostIssuers = 100

function held(x509: Builder, profile: Profile) {
  const constraints = constraintsExtension(x509, profile)
  const allowed = new Set(profile.kinds.flatMap((kind) => usages[kind]))
  return [new x509.ExtendedKeyUsageExtension([...allowed]), ...(constraints ? [constraints] : [])]
}

function keyIdentifier(x509: Builder, issuer: InstanceType<Builder['X509Certificate']>): string {
  const found = issuer.getExtension(x509.SubjectKeyIdentifierExtension)
  if (!found) throw new Error('the issuer has no subject key identifier')
  return found.keyId
}

/** What OpenSSL reads in a certificate, in our words. For lists and for people: no decision of trust is made on it. */
export type Summary = Names & { serial: string; fingerprint: string; notBefore: Date; notAfter: Date }

/** Reads the first certificate of a PEM text. */
export function summarize(pem: string): Summary {
  const certificate = new X509Certificate(pem)
  const names = (certificate.subjectAltName ?? '').split(', ')
  const of = (prefix: string) =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  return {
    kind: kindOf(certificate),
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    dns: of('DNS:'),
    ip: of('IP Address:').map(canonicalIp),
    uri: of('URI:'),
    email: of('email:'),
    serial: certificate.serialNumber.toLowerCase(),
    fingerprint: fingerprintOf(certificate),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  }
}

function kindOf({ keyUsage }: X509Certificate): Kind {
  if (!keyUsage?.includes(serverAuth)) return 'client'
  return keyUsage.includes(clientAuth) ? 'peer' : 'server'
}

/** SHA-256 of the DER form, in lower-case hexadecimal without colons: as LXD writes it. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

/** Every certificate of a PEM text, the first one first. */
export function splitPem(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)?.map((pem) => `${pem}\n`) ?? []
}

export function publicKeyDer(key: KeyObject): Uint8Array<ArrayBuffer> {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return new Uint8Array(half.export({ type: 'spki', format: 'der' }))
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}
