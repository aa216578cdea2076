// Macaroons of format 2, binary, with first-party caveats only, as gopkg.in/macaroon.v2 writes them.
// https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt
//
//   version 2 · [location] identifier END · ([location] caveat END)* END · signature
//
// A field is its type, its length (both varints) and its octets; END is the type 0. The signature is a chain of
// HMAC-SHA256 over identifier and caveats, so whoever holds a macaroon can add caveats but take none away.
import { createHmac } from 'node:crypto'
import { sameOctets } from './secret.ts'

export type Macaroon = { location: string; identifier: string; caveats: string[]; signature: Buffer }

const version = 2
const field = { end: 0, location: 1, identifier: 2, verification: 4, signature: 6 } as const
const signatureLength = 32
/** Octets. Ours have about 100; a longer text is not worth the reading. */
const longest = 4096

/** Signs anew with the secret of who minted it. */
export function signMacaroon(secret: string, macaroon: Omit<Macaroon, 'signature'>): Buffer {
  // The libraries do not use a secret as it is, but what this gives for it.
  const key = hmac('macaroons-key-generator', secret)
  return macaroon.caveats.reduce(hmac, hmac(key, macaroon.identifier))
}

export function isSignedBy(secret: string, macaroon: Macaroon): boolean {
  return sameOctets(signMacaroon(secret, macaroon), macaroon.signature)
}

/** Base64url without padding. */
export function encodeMacaroon({ location, identifier, caveats, signature }: Macaroon): string {
  const end = Buffer.from([field.end])
  return Buffer.concat([
    Buffer.from([version]),
    encodeField(field.location, location),
    encodeField(field.identifier, identifier),
    end,
    ...caveats.flatMap((caveat) => [encodeField(field.identifier, caveat), end]),
    end,
    encodeField(field.signature, signature),
  ]).toString('base64url')
}

/** Reads one, or nothing if it is anything else: third-party caveats and unknown fields too. Its signature is not checked. */
export function decodeMacaroon(text: string): Macaroon | undefined {
  if (text.length > longest || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined
  const octets = Buffer.from(text, 'base64url')
  // A text of which a changed last character would be read as the same octets is not the one we wrote.
  if (octets.toString('base64url') !== text || octets[0] !== version) return undefined
  const reader = new Reader(octets.subarray(1))
  const head = reader.section()
  if (!head || head.get(field.identifier) === undefined) return undefined
  const caveats: string[] = []
  for (;;) {
    const section = reader.section()
    if (!section) return undefined
    if (section.size === 0) break
    const caveat = section.get(field.identifier)
    if (caveat === undefined || section.size > 1) return undefined
    caveats.push(caveat.toString())
  }
  const signature = reader.last(field.signature)
  if (signature?.length !== signatureLength) return undefined
  const location = head.get(field.location)?.toString() ?? ''
  return { location, identifier: head.get(field.identifier)?.toString() ?? '', caveats, signature }
}

class Reader {
  readonly #octets: Buffer
  #at = 0
  constructor(octets: Buffer) {
    this.#octets = octets
  }

  /** The fields up to the next END, in rising order; nothing if they are not. */
  section(): Map<number, Buffer> | undefined {
    const found = new Map<number, Buffer>()
    let before = 0
    for (;;) {
      const type = this.#varint()
      if (type === field.end) return found
      const data = type === undefined || type <= before || type > field.identifier ? undefined : this.#data()
      if (type === undefined || !data) return undefined
      found.set(type, data)
      before = type
    }
  }

  /** A field that must be of this type, and the last thing there is. */
  last(type: number): Buffer | undefined {
    const data = this.#varint() === type ? this.#data() : undefined
    return this.#at === this.#octets.length ? data : undefined
  }

  #data(): Buffer | undefined {
    const length = this.#varint()
    if (length === undefined || this.#at + length > this.#octets.length) return undefined
    this.#at += length
    return this.#octets.subarray(this.#at - length, this.#at)
  }

  /** Two octets are enough for what `longest` allows; a longer form of a small number is refused with the rest. */
  #varint(): number | undefined {
    const low = this.#octets[this.#at++]
    if (low === undefined || low < 0x80) return low
    const high = this.#octets[this.#at++]
    return high === undefined || high === 0 || high >= 0x80 ? undefined : (low & 0x7f) | (high << 7)
  }
}

function encodeField(type: number, data: string | Buffer): Buffer {
  const octets = Buffer.from(data)
  const length = octets.length < 0x80 ? [octets.length] : [(octets.length & 0x7f) | 0x80, octets.length >> 7]
  return Buffer.concat([Buffer.from([type, ...length]), octets])
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest()
}
