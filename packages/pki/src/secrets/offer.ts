// A secret for another deployment: JSON, signed by the producer, then encrypted to the consumer's certificate. What the
// producer says about it is inside the signature, also for whom it is: who opened an offer cannot pass it on as one to others.
import { X509Certificate } from 'node:crypto'
import { fingerprintOf, splitPem, summarize } from '../authority/certificate.ts'
import { InvalidRequestError, OfferRefusedError, OpensslMissingError } from '../errors.ts'
import { decrypt, encrypt, type Party, sign, verify } from './cms.ts'

export type OfferContent = {
  version: 1
  id: string
  /** The producer's names for secret and revision. */
  name: string
  revision: number
  /** URI of the producer's certificate. */
  producer: string
  /** SHA-256 of the consumer's certificate, lower-case hexadecimal. */
  audience: string
  createdAt: string
  /** Until when it can be accepted. */
  expiresAt: string
  /** Until when the secret itself is good. */
  valueExpiresAt?: string
  note?: string
  value: string
}

const longest = 1024 * 1024

/** Reads the certificate of a consumer. */
export function readRecipient(pem: string, now: Date): X509Certificate {
  const [leaf] = splitPem(pem)
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(leaf ?? '')
  } catch (cause) {
    throw new InvalidRequestError('this is not a certificate in PEM', { cause })
  }
  if (certificate.ca) throw new InvalidRequestError("a CA's certificate is nobody's: name the consumer's own")
  if (certificate.validToDate <= now)
    throw new InvalidRequestError(`the consumer's certificate ended on ${certificate.validToDate.toISOString()}`)
  return certificate
}

/** The URI that a certificate is known by. */
export function identityOf(pem: string): string {
  const [leaf] = splitPem(pem)
  const [identity] = leaf ? summarize(leaf).uri : []
  if (!identity) throw new InvalidRequestError('the certificate names no URI, so nobody could say whose offer it is')
  return identity
}

export async function sealOffer(content: OfferContent, recipient: X509Certificate, signer: Party): Promise<string> {
  return encrypt(await sign(JSON.stringify(content), signer), recipient)
}

/**
 * Opens and checks an offer; whether it was accepted before, only the store knows.
 * @throws {OfferRefusedError} saying why: not for us, changed, not from this producer, expired
 */
export async function openOffer(
  pem: string,
  { consumer, root, producer, now }: { consumer: Party; root: string; producer: string; now: Date },
): Promise<OfferContent> {
  if (pem.length > longest) throw new OfferRefusedError('the offer is larger than 1 MiB')
  const signed = await refusing('it is not for this certificate, or was changed', () => decrypt(pem, consumer))
  const { text, signer } = await refusing('its signature does not lead to the given root', () => verify(signed, root))
  const content = parse(text)
  if (content.producer !== producer || !summarize(signer.toString()).uri.includes(producer))
    throw new OfferRefusedError(`the offer is not from ${producer}`)
  const [leaf = ''] = splitPem(consumer.certificate)
  if (content.audience !== fingerprintOf(new X509Certificate(leaf)))
    throw new OfferRefusedError('the offer was made for another consumer')
  if (!(Date.parse(content.expiresAt) > now.getTime()))
    throw new OfferRefusedError(`the offer could be accepted until ${content.expiresAt}`)
  return content
}

async function refusing<Result>(reason: string, attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt()
  } catch (cause) {
    if (cause instanceof OpensslMissingError) throw cause
    throw new OfferRefusedError(`the offer cannot be opened: ${reason}`, { cause })
  }
}

function parse(text: string): OfferContent {
  const refuse = () => new OfferRefusedError('what was signed is not an offer of a secret (version 1)')
  let content: Record<string, unknown>
  try {
    content = JSON.parse(text)
  } catch {
    throw refuse()
  }
  const { version, revision, valueExpiresAt, note } = content
  const texts = ['id', 'name', 'producer', 'audience', 'createdAt', 'expiresAt', 'value'].every(
    (field) => typeof content[field] === 'string' && content[field] !== '',
  )
  const fine =
    texts &&
    version === 1 &&
    Number.isSafeInteger(revision) &&
    (valueExpiresAt === undefined ||
      (typeof valueExpiresAt === 'string' && Number.isFinite(Date.parse(valueExpiresAt)))) &&
    (note === undefined || typeof note === 'string')
  if (!fine) throw refuse()
  return content as OfferContent
}
