// Certificate requests (PKCS#10, RFC 2986): what a machine asks with, and what the server takes from one.
//
// The server takes the public key, and the proof that the machine holds the other half. Names in a request are compared
// on renewal only; extensions, attributes and everything else in it are dropped.
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { publicKeyDer } from '../authority/certificate.ts'
import { element, identifier, sequence } from '../authority/der.ts'
import { keyTypeOf } from '../authority/key.ts'
import { bitsOf, DerError, type Element, expect, partsOf, readDer, tags } from './der.ts'

export type Csr = {
  der: Buffer
  publicKey: KeyObject
  /** Object identifiers and values of the subject, in order. */
  subject: string[]
  /** The subject alternative names, sorted; nothing if the request has none. */
  alternativeNames?: string[]
}

const ecdsaWithSha256 = identifier('1.2.840.10045.4.3.2')
const rsaWithSha256 = identifier('1.2.840.113549.1.1.11')
const hashes = [
  { hash: 'sha256', algorithms: [ecdsaWithSha256, rsaWithSha256] },
  { hash: 'sha384', algorithms: [identifier('1.2.840.10045.4.3.3'), identifier('1.2.840.113549.1.1.12')] },
  { hash: 'sha512', algorithms: [identifier('1.2.840.10045.4.3.4'), identifier('1.2.840.113549.1.1.13')] },
]
const extensionRequest = identifier('1.2.840.113549.1.9.14')
export const subjectAltName = identifier('2.5.29.17')
const nothing = Buffer.of(0x05, 0x00)
const usualExponent = 65_537n

/**
 * Reads a request and checks its signature, with OpenSSL in this process.
 * @throws {DerError} when it is none, or its key is not one of ours, or the signature does not fit
 */
export function readCsr(der: Buffer): Csr {
  const [info, algorithm, signature, ...more] = partsOf(readDer(der, tags.sequence))
  if (more.length > 0) throw new DerError('more than the parts of a request')
  const [version, subject, spki, attributes] = partsOf(expect(info, tags.sequence))
  if (!expect(version, tags.integer).content.equals(Buffer.of(0))) throw new DerError('not version 1 of PKCS#10')
  const [named] = partsOf(expect(algorithm, tags.sequence))
  const hash = hashOf(expect(named, tags.oid))
  if (!hash) throw new DerError('not signed with ECDSA or RSA and SHA-2')
  const publicKey = readKey(expect(spki, tags.sequence))
  if (!info || !verify(hash, info.whole, publicKey, bitsOf(signature))) throw new DerError('its signature is wrong')
  const alternativeNames = attributes && requestedNames(expect(attributes, tags.context0))
  return {
    der,
    publicKey,
    subject: partsOfName(expect(subject, tags.sequence)),
    ...(alternativeNames && { alternativeNames }),
  }
}

function hashOf({ whole }: Element): string | undefined {
  return hashes.find(({ algorithms }) => algorithms.some((one) => one.equals(whole)))?.hash
}

function readKey(spki: Element): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey({ key: spki.whole, format: 'der', type: 'spki' })
  } catch (cause) {
    throw new DerError('its public key cannot be read', { cause })
  }
  // An exponent of the asker's choice could make each check of a signature slow.
  const { publicExponent = usualExponent } = key.asymmetricKeyDetails ?? {}
  // A curve by its name only: one that is spelt out would stand so in the certificate, and many refuse that.
  const [, parameters] = partsOf(expect(partsOf(spki)[0], tags.sequence))
  const named = key.asymmetricKeyType !== 'ec' || parameters?.tag === tags.oid
  if (!keyTypeOf(key) || !named || publicExponent !== usualExponent)
    throw new DerError('its key is not RSA of 4096 bits, or ECDSA on P-256 or P-384')
  return key
}

/** Object identifier and value of each part of a name: in one form whatever kind of string they are written as. */
export function partsOfName(name: Element): string[] {
  return partsOf(name).flatMap((set) =>
    partsOf(expect(set, tags.set)).map((pair) => {
      const [type, value] = partsOf(expect(pair, tags.sequence))
      return `${expect(type, tags.oid).content.toString('hex')}=${value?.content.toString('utf8')}`
    }),
  )
}

function requestedNames(attributes: Element): string[] | undefined {
  for (const attribute of partsOf(attributes)) {
    const [type, values] = partsOf(expect(attribute, tags.sequence))
    if (!expect(type, tags.oid).whole.equals(extensionRequest)) continue
    const [extensions] = partsOf(expect(values, tags.set))
    const found = extensionIn(expect(extensions, tags.sequence), subjectAltName)
    return found && alternativeNamesOf(found)
  }
  return undefined
}

/** The extension with this identifier (in DER), in a list of extensions. */
export function extensionIn(extensions: Element, name: Buffer): Element | undefined {
  return partsOf(extensions).find((extension) =>
    expect(partsOf(expect(extension, tags.sequence))[0], tags.oid).whole.equals(name),
  )
}

/** The alternative names in their extension, sorted, as the hexadecimal of their encoding. */
export function alternativeNamesOf(extension: Element): string[] {
  const value = expect(partsOf(extension).at(-1), tags.octetString).content
  return partsOf(readDer(value, tags.sequence))
    .map(({ whole }) => whole.toString('hex'))
    .sort()
}

/**
 * DER of a request for this key, for the names of a certificate (RFC 7030, 4.2.2), or for none: the server decides what the
 * first certificate says.
 */
export function writeCsr(key: KeyObject, names?: { subject: Element; extension?: Element | undefined }): Buffer {
  const extensions = names?.extension && sequence(names.extension.whole)
  const attribute = extensions && sequence(extensionRequest, element(tags.set, extensions))
  const info = sequence(
    element(tags.integer, Buffer.of(0)),
    names?.subject.whole ?? sequence(),
    Buffer.from(publicKeyDer(key)),
    element(tags.context0, ...(attribute ? [attribute] : [])),
  )
  const algorithm = key.asymmetricKeyType === 'rsa' ? sequence(rsaWithSha256, nothing) : sequence(ecdsaWithSha256)
  return sequence(info, algorithm, element(tags.bitString, Buffer.of(0), sign('sha256', info, key)))
}
