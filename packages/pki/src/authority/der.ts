// The few DER values that the certificate library does not write for us.

export function element(tag: number, ...contents: Buffer[]): Buffer<ArrayBuffer> {
  const content = Buffer.concat(contents)
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content])
  const length = bytes(content.length)
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content])
}

/** A whole number, 0 or more. */
export function integer(value: number): Buffer<ArrayBuffer> {
  const magnitude = bytes(value)
  const sign = (magnitude[0] ?? 0) > 127 ? Buffer.alloc(1) : Buffer.alloc(0)
  return element(0x02, sign, magnitude)
}

function bytes(value: number): Buffer {
  const digits = value.toString(16)
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')
}
