// The DER that the certificate library does not write: name constraints, and whole revocation lists, in which it would put an
// empty sequence of extensions where there is no reason, search all entries for each, and call the PEM by another name.

export type Der = Buffer<ArrayBuffer>

export function element(tag: number, ...contents: Uint8Array[]): Der {
  const content = Buffer.concat(contents)
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const length = magnitude(content.length)
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

export function sequence(...contents: Uint8Array[]): Der {
  return element(0x30, ...contents)
}

/** A whole number, 0 or more, or the hexadecimal digits of one. */
export function integer(value: number | string): Der {
  const bytes = magnitude(value)
  return element(0x02, (bytes[0] ?? 0) > 127 ? Buffer.alloc(1) : Buffer.alloc(0), bytes)
}

/** OBJECT IDENTIFIER, in dotted form. */
export function identifier(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return element(0x06, Buffer.from([40 * first + second, ...rest.flatMap(base128)]))
}

/** As RFC 5280 wants it: UTCTime up to 2049, GeneralizedTime after. */
export function time(date: Date): Der {
  const digits = `${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(digits.slice(2))) : element(0x18, Buffer.from(digits))
}

export function extension(oid: string, value: Uint8Array): Der {
  return sequence(identifier(oid), element(0x04, value))
}

function magnitude(value: number | string): Buffer {
  const digits = typeof value === 'string' ? value : value.toString(16)
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
}

function base128(part: number): number[] {
  const bytes = [part & 0x7f]
  for (let rest = Math.floor(part / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest & 0x7f))
  return bytes
}
