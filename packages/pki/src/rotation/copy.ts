// A CA certificate after the model of another one: for the same key under another root, or for a new key in the same
// place. Rights, constraints and path length are taken over as they are, so a rotation changes none of them.
import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { type Issuer, makeSerial, publicKeyDer } from '../authority/certificate.ts'
import { signingKey } from '../authority/key.ts'
import { backdated } from '../authority/request.ts'
import { AuthorityExpiredError } from '../errors.ts'

const authorityKeyIdentifier = '2.5.29.35'
const subjectKeyIdentifier = '2.5.29.14'

export type Copy = {
  /** PEM of the model. */
  model: string
  /** A new key, whose identifier then stands at the end of the subject; the model's unless said. */
  key?: KeyObject
  issuer: Issuer
}

/** Lives as long as the model was made to, and never longer than its issuer. */
export async function copyCertificate({ model, key, issuer }: Copy): Promise<string> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const [before, now] = [new X509Certificate(model), new Date()]
  const original = new x509.X509Certificate(model)
  const upper = issuer.certificate === undefined ? undefined : new x509.X509Certificate(issuer.certificate)
  const spki = publicKeyDer(key ?? before.publicKey)
  const subject = key ? renamed(original.subjectName.toJSON(), spki) : original.subjectName.toJSON()
  const notBefore = backdated(now)
  const life = before.validToDate.getTime() - before.validFromDate.getTime()
  const end = Math.min(notBefore.getTime() + life, upper?.notAfter.getTime() ?? Number.POSITIVE_INFINITY)
  if (end <= now.getTime())
    throw new AuthorityExpiredError(`${upper?.subject} ended on ${upper?.notAfter.toISOString()}`)
  const kept = original.extensions.filter(
    ({ type }) => type !== authorityKeyIdentifier && type !== subjectKeyIdentifier,
  )
  const upperId = upper?.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId
  const signer = signingKey(issuer.key)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: makeSerial(),
    subject: new x509.Name(subject),
    issuer: upper?.subjectName ?? new x509.Name(subject),
    notBefore: wholeSeconds(notBefore),
    notAfter: wholeSeconds(new Date(end)),
    publicKey: spki,
    signingKey: signer.key,
    signingAlgorithm: { name: signer.key.algorithm.name, hash: signer.hash },
    extensions: [
      ...kept,
      await x509.SubjectKeyIdentifierExtension.create(spki),
      ...(upperId === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(upperId)]),
    ],
  })
  return `${certificate.toString('pem').trim()}\n`
}

type JsonName = Record<string, string[]>[]

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}

/** "NAME root 01234567" becomes "NAME root 89abcdef": two CAs of the same subject and different keys confuse OpenSSL. */
function renamed(name: JsonName, spki: Uint8Array): JsonName {
  const id = createHash('sha256').update(spki).digest('hex').slice(0, 8)
  return name.map((part) => {
    const [common] = part.CN ?? []
    return common === undefined ? part : { CN: [`${common.replace(/ [0-9a-f]{8}$/, '')} ${id}`] }
  })
}
