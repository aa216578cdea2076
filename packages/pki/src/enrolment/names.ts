// The names in a certificate, and whether a request asks for the same ones (RFC 7030, 4.2.2). A request that names nothing
// does. What the next certificate says is taken from our own record either way.
import type { X509Certificate } from 'node:crypto'
import { alternativeNamesOf, type Csr, extensionIn, partsOfName, subjectAltName } from './csr.ts'
import { type Element, expect, partsOf, readDer, tags } from './der.ts'

/** An extension of a certificate, by the DER of its identifier. */
export function extensionOf(certificate: X509Certificate, name: Buffer): Element | undefined {
  return extensionIn(extensionsOf(fieldsOf(certificate)), name)
}

/** Subject, and the extension with the alternative names. */
export function namesIn(certificate: X509Certificate): { subject: Element; extension: Element | undefined } {
  const fields = fieldsOf(certificate)
  // version, serialNumber, signature, issuer, validity, subject (RFC 5280, 4.1): all ours have a version.
  return { subject: expect(fields[5], tags.sequence), extension: extensionIn(extensionsOf(fields), subjectAltName) }
}

function fieldsOf(certificate: X509Certificate): Element[] {
  const [content] = partsOf(readDer(certificate.raw, tags.sequence))
  return partsOf(expect(content, tags.sequence))
}

function extensionsOf(fields: Element[]): Element {
  const wrapped = expect(
    fields.find(({ tag }) => tag === tags.context3),
    tags.context3,
  )
  return expect(partsOf(wrapped)[0], tags.sequence)
}

export function asksForNamesOf(certificate: X509Certificate, csr: Csr): boolean {
  const { subject, extension } = namesIn(certificate)
  const fits = (asked: string[] = [], there: string[]) =>
    asked.length === 0 || JSON.stringify(asked) === JSON.stringify(there)
  return (
    fits(csr.subject, partsOfName(subject)) &&
    fits(csr.alternativeNames, extension ? alternativeNamesOf(extension) : [])
  )
}
