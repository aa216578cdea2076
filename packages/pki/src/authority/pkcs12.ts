// PKCS#12 (RFC 7292): key, certificate and chain in one file with a password. node-forge writes the ASN.1 and derives
// the key of the MAC; its own PKCS#12 function knows RSA only, so the structure is put together here. OpenSSL encrypts.
import { createCipheriv, createHmac, pbkdf2, randomBytes, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import type { asn1 as Asn1, md as Md, pkcs12 as Pkcs12, util as Util } from 'node-forge'
import { InvalidRequestError } from '../errors.ts'
import { splitPem } from './certificate.ts'
import { keyFromPem } from './key.ts'

export type Pkcs12Request = {
  /** PEM: the leaf, then its chain. */
  certificate: string
  /** PEM of the root, to go with the chain. */
  root?: string
  /** PKCS#8 in PEM. */
  key: string
  password: string
  /** What programs show for the entry. */
  name?: string
}

type Node = Asn1.Asn1
type Forge = { asn1: typeof Asn1; md: typeof Md; pkcs12: typeof Pkcs12; util: typeof Util }

/** Rounds of both derivations: the password is only as safe as the weaker one. Takes some 0.2 s here. */
const rounds = 100_000
const oid = {
  data: '1.2.840.113549.1.7.1',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha256: '2.16.840.1.101.3.4.2.1',
}

/**
 * Packs a credential into PKCS#12: AES-256-CBC by PBES2, MAC with SHA-256. The certificates are not encrypted.
 * @throws {InvalidRequestError} for an empty password, or when key and certificate do not belong together
 */
export async function exportPkcs12({ certificate, root, key, password, name }: Pkcs12Request): Promise<Buffer> {
  if (password === '')
    throw new InvalidRequestError(
      'the password of a PKCS#12 file cannot be empty: programs disagree on what that means',
    )
  const chain = splitPem(certificate + (root ?? '')).map((pem) => new X509Certificate(pem))
  const [leaf] = chain
  const privateKey = keyFromPem(key)
  if (!leaf?.checkPrivateKey(privateKey)) throw new InvalidRequestError('the key is not that of the certificate')

  // Loaded where it is needed only: it is large. A CommonJS module, so its exports are on `default`.
  const forge = (await import('node-forge')).default as Forge
  const build = builder(forge.asn1)
  const { sequence, set, text, octets, explicit } = build
  const attribute = (type: string, value: Node) => sequence(build.oid(type), set(value))
  const attributes = set(
    attribute(oid.localKeyId, octets(Buffer.from(leaf.fingerprint.replaceAll(':', ''), 'hex'))),
    ...(name ? [attribute(oid.friendlyName, text(name))] : []),
  )
  const certificateBags = chain.map((one, index) => {
    const bag = sequence(build.oid(oid.x509Certificate), explicit(octets(one.raw)))
    return sequence(build.oid(oid.certificateBag), explicit(bag), ...(index === 0 ? [attributes] : []))
  })
  const encrypted = await encrypt(build, privateKey.export({ type: 'pkcs8', format: 'der' }), password)
  const keyBag = sequence(build.oid(oid.shroudedKeyBag), explicit(encrypted), attributes)

  const contentInfo = (content: Node) => sequence(build.oid(oid.data), explicit(octets(build.der(content))))
  const safe = sequence(contentInfo(sequence(...certificateBags)), contentInfo(sequence(keyBag)))
  const salt = randomBytes(16)
  const macKey = forge.pkcs12.generateKey(
    password,
    forge.util.createBuffer(binary(salt)),
    3,
    rounds,
    32,
    forge.md.sha256.create(),
  )
  const mac = createHmac('sha256', Buffer.from(macKey.getBytes(), 'binary')).update(build.der(safe)).digest()
  const digest = sequence(sequence(build.oid(oid.sha256), build.nothing()), octets(mac))
  return build.der(sequence(build.integer(3), contentInfo(safe), sequence(digest, octets(salt), build.integer(rounds))))
}

/** EncryptedPrivateKeyInfo by PBES2 (RFC 8018), whose password is UTF-8 (that of the MAC is UTF-16). */
async function encrypt(build: Build, plain: Buffer, password: string): Promise<Node> {
  const { sequence, octets } = build
  const [salt, iv] = [randomBytes(16), randomBytes(16)]
  const cipher = createCipheriv('aes-256-cbc', await promisify(pbkdf2)(password, salt, rounds, 32, 'sha256'), iv)
  const prf = sequence(build.oid(oid.hmacSha256), build.nothing())
  const derivation = sequence(build.oid(oid.pbkdf2), sequence(octets(salt), build.integer(rounds), prf))
  const scheme = sequence(build.oid(oid.aes256Cbc), octets(iv))
  const algorithm = sequence(build.oid(oid.pbes2), sequence(derivation, scheme))
  return sequence(algorithm, octets(Buffer.concat([cipher.update(plain), cipher.final()])))
}

type Build = ReturnType<typeof builder>

function builder(asn1: typeof Asn1) {
  const { Type, Class } = asn1
  const constructed = (type: Asn1.Type, parts: Node[]) => asn1.create(Class.UNIVERSAL, type, true, parts)
  const primitive = (type: Asn1.Type, value: string) => asn1.create(Class.UNIVERSAL, type, false, value)
  return {
    sequence: (...parts: Node[]) => constructed(Type.SEQUENCE, parts),
    set: (...parts: Node[]) => constructed(Type.SET, parts),
    explicit: (part: Node) => asn1.create(Class.CONTEXT_SPECIFIC, 0, true, [part]),
    oid: (id: string) => primitive(Type.OID, asn1.oidToDer(id).getBytes()),
    octets: (bytes: Uint8Array) => primitive(Type.OCTETSTRING, binary(bytes)),
    integer: (value: number) => primitive(Type.INTEGER, asn1.integerToDer(value).getBytes()),
    text: (value: string) => primitive(Type.BMPSTRING, value),
    nothing: () => primitive(Type.NULL, ''),
    der: (node: Node) => Buffer.from(asn1.toDer(node).getBytes(), 'binary'),
  }
}

/** forge's form of bytes: a character for each. */
function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('binary')
}
