// The answer of an EST server (RFC 7030, 4.1.3 and 4.2.3): PKCS#7 signed data without a signature, a bag of certificates.
import { X509Certificate } from 'node:crypto'
import { splitPem } from '../authority/certificate.ts'
import { element, identifier, sequence } from '../authority/der.ts'
import { DerError, expect, partsOf, readDer, tags } from './der.ts'

const signedData = identifier('1.2.840.113549.1.7.2')
const data = identifier('1.2.840.113549.1.7.1')

/** DER of a bag with the certificates of a PEM text, in its order. */
export function writeCertificates(pem: string): Buffer {
  const certificates = splitPem(pem).map((one) => new X509Certificate(one).raw)
  const body = sequence(
    element(tags.integer, Buffer.of(1)),
    element(tags.set),
    sequence(data),
    element(tags.context0, ...certificates),
    element(tags.set),
  )
  return sequence(signedData, element(tags.context0, body))
}

/**
 * The certificates of a bag, as OpenSSL reads them. They are not trusted by having been in it.
 * @throws {DerError} for anything else
 */
export function readCertificates(der: Buffer): X509Certificate[] {
  const [type, wrapped] = partsOf(readDer(der, tags.sequence))
  if (!type?.whole.equals(signedData)) throw new DerError('not signed data')
  const [body] = partsOf(expect(wrapped, tags.context0))
  const bag = partsOf(expect(body, tags.sequence)).find(({ tag }) => tag === tags.context0)
  return partsOf(expect(bag, tags.context0)).map(({ whole }) => {
    try {
      return new X509Certificate(whole)
    } catch (cause) {
      throw new DerError('not a certificate', { cause })
    }
  })
}
