/** One thing in an archive. `path` has no leading slash; parents are to be listed too. */
export type Entry = { path: string; mode: number } & (
  | { type: 'file'; data: Uint8Array }
  | { type: 'directory' }
  | { type: 'link'; target: string }
)

const BLOCK = 512
const TYPES = { file: '0', link: '2', directory: '5' } as const

/**
 * A ustar archive with nothing of the moment in it: root's files, one time for all of them (`seconds` since 1970), in
 * the order of their paths.
 *
 * @throws RangeError for a path or link target over 100 bytes, which this writer has no need of
 */
export function tar(entries: Entry[], seconds: number): Uint8Array {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  const parts: Uint8Array[] = []
  for (const entry of sorted) {
    const data = entry.type === 'file' ? entry.data : new Uint8Array()
    parts.push(header(entry, data.length, seconds), data, new Uint8Array((BLOCK - (data.length % BLOCK)) % BLOCK))
  }
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK)])
}

function header(entry: Entry, size: number, seconds: number): Uint8Array {
  const block = Buffer.alloc(BLOCK)
  const put = (at: number, length: number, text: string) => {
    if (Buffer.byteLength(text) > length) throw new RangeError(`tar: ${entry.path}: "${text}" is over ${length} bytes`)
    block.write(text, at)
  }
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0')
  put(0, 100, entry.type === 'directory' ? `${entry.path}/` : entry.path)
  put(100, 8, octal(entry.mode, 7))
  put(108, 8, octal(0, 7))
  put(116, 8, octal(0, 7))
  put(124, 12, octal(size, 11))
  put(136, 12, octal(seconds, 11))
  put(148, 8, ' '.repeat(8)) // the checksum is taken with its own field blank
  put(156, 1, TYPES[entry.type])
  put(157, 100, entry.type === 'link' ? entry.target : '')
  put(257, 8, 'ustar\x0000')
  put(
    148,
    8,
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    )}\0 `,
  )
  return block
}
