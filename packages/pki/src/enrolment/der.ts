// Reads DER, the encoding of certificates and requests: enough to find a part of one. Nothing here decides about trust:
// what is found goes to OpenSSL.
//
// Strict: definite lengths in their shortest form, tags of one octet, and nothing behind the end.

export type Element = {
  tag: number
  /** What is inside. */
  content: Buffer
  /** Tag, length and content. */
  whole: Buffer
}

export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific, constructed, number 0: what it is depends on where it stands. */
  context0: 0xa0,
  context3: 0xa3,
} as const

/** More parts than any request or answer of ours has. */
const mostParts = 64

/** The bytes are not the DER that was looked for. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** Reads the one element that the bytes are. */
export function readDer(bytes: Buffer, tag: number): Element {
  const element = elementAt(bytes, 0)
  if (element.whole.length !== bytes.length) throw new DerError('bytes behind the end')
  return expect(element, tag)
}

/** The elements inside a sequence or set. */
export function partsOf({ content }: Element): Element[] {
  const parts: Element[] = []
  for (let offset = 0; offset < content.length; ) {
    const part = elementAt(content, offset)
    parts.push(part)
    if (parts.length > mostParts) throw new DerError('too many parts')
    offset += part.whole.length
  }
  return parts
}

export function expect(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw new DerError(`no element with tag ${tag} where one has to be`)
  return element
}

/** The octets of a bit string without unused bits. */
export function bitsOf(element: Element | undefined): Buffer {
  const { content } = expect(element, tags.bitString)
  if (content[0] !== 0) throw new DerError('unused bits')
  return content.subarray(1)
}

function elementAt(bytes: Buffer, offset: number): Element {
  const [tag, first] = [bytes[offset], bytes[offset + 1]]
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new DerError('no tag and length')
  let length = first
  let start = offset + 2
  if (first >= 0x80) {
    const octets = first - 0x80
    if (octets < 1 || octets > 3 || start + octets > bytes.length) throw new DerError('a length that cannot be')
    length = bytes.readUIntBE(start, octets)
    start += octets
    if (length < 0x80 || length < 2 ** (8 * (octets - 1))) throw new DerError('a length not in its shortest form')
  }
  if (start + length > bytes.length) throw new DerError('cut off')
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(offset, start + length) }
}
