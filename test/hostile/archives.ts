// Packages that nobody should send: bombs, escapes, links, lies. Each is a bzip2 tarball or a zip file.
import { execFileSync } from 'node:child_process'
import { crc32, deflateRawSync } from 'node:zlib'

export type Header = { name: string; size?: number; type?: string; link?: string; mode?: number; content?: Uint8Array }

/** A tar entry as POSIX has it, whatever is said in it. */
export function tarEntry({
  name,
  content = Buffer.alloc(0),
  size = content.length,
  type = '0',
  link = '',
  mode = 0o644,
}: Header): Buffer {
  const block = Buffer.alloc(512)
  block.write(name, 0, 100)
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${size.toString(8).padStart(11, '0')}\0`.slice(-12), 124)
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write(type, 156)
  block.write(link, 157, 100)
  block.write('ustar\u000000', 257)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

export const bzip2 = (content: Uint8Array) =>
  execFileSync('bzip2', ['-c'], { input: content, maxBuffer: 2 ** 30, stdio: ['pipe', 'pipe', 'ignore'] })
export const tarball = (...entries: Header[]) => bzip2(Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)]))

/** A zip file of one entry whose sizes may be lies. */
export function zip(
  name: string,
  content: Uint8Array,
  { claimed = content.length, mode = 0o100644, flags = 0 } = {},
): Buffer {
  const data = deflateRawSync(content)
  const common = Buffer.alloc(26)
  common.writeUInt16LE(20, 0)
  common.writeUInt16LE(flags, 2)
  common.writeUInt16LE(8, 4)
  common.writeUInt32LE(crc32(content), 10)
  common.writeUInt32LE(data.length, 14)
  common.writeUInt32LE(claimed, 18)
  common.writeUInt16LE(Buffer.byteLength(name), 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), data])
  const tail = Buffer.alloc(14)
  tail.writeUInt32LE((mode << 16) >>> 0, 6)
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x03'), common, tail, Buffer.from(name)])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}

const manifest: Header = { name: 'manifest.yaml', content: Buffer.from('name: hostile\n') }
const text = (content: string): Header => ({ name: 'manifest.yaml', content: Buffer.from(content) })

/** By what is wrong with it. @param outside a path outside of everything, which must never come to be. */
export function hostileArchives(outside: string): Record<string, Uint8Array> {
  const up = `../../../../../../../..${outside}`
  return {
    'a path that climbs out': tarball(manifest, { name: up, content: Buffer.from('out') }),
    'an absolute path': tarball(manifest, { name: outside, content: Buffer.from('out') }),
    'a link out, and a file through it': tarball(
      { name: 'door', type: '2', link: '/tmp' },
      { name: 'door/escaped', content: Buffer.from('out') },
    ),
    'a hard link to what is not in it': tarball(manifest, { name: 'passwd', type: '1', link: '/etc/passwd' }),
    'a device': tarball(manifest, { name: 'disk', type: '4' }),
    'a FIFO': tarball(manifest, { name: 'pipe', type: '6' }),
    'a sparse file': tarball(manifest, { name: 'sparse', type: 'S', size: 0 }),
    'a file longer than it is': tarball({ name: 'short', size: 2 ** 33 - 1, content: Buffer.from('x') }),
    'a file twice': tarball(manifest, manifest),
    'a name with a control character': tarball({ name: 'a\u0007b', content: Buffer.from('x') }),
    'a name with a backslash': tarball({ name: 'a\\b', content: Buffer.from('x') }),
    'a manifest of 1 MiB': tarball(text(`name: ${'x'.repeat(2 ** 20)}`)),
    'a manifest that is no UTF-8': tarball({ name: 'manifest.yaml', content: Buffer.from([0x6e, 0xff, 0xfe]) }),
    'a manifest of aliases of aliases': tarball(
      text(
        `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((key, n) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[n]}`)}]`).join('\n')}\nname: *i\n`,
      ),
    ),
    'a manifest that is a list': tarball(text('- name\n')),
    'a manifest with a prototype': tarball(text('__proto__: {x: 1}\nname: hostile\n')),
    'a manifest that nests for ever': tarball(text(`name: ${'['.repeat(20_000)}`)),
    'a bomb of 256 MiB of zeros, cut off': bzip2(Buffer.alloc(2 ** 28)),
    'bzip2 of nothing': bzip2(Buffer.alloc(0)),
    'bzip2 cut off': tarball(manifest, { name: 'x', content: Buffer.alloc(10_000, 7) }).subarray(0, 60),
    'bzip2 in name only': Buffer.concat([Buffer.from('BZh9'), Buffer.alloc(1000, 0x41)]),
    'a zip that climbs out': zip(up, Buffer.from('out')),
    'a zip with a link': zip('link', Buffer.from('/etc/passwd'), { mode: 0o120777 }),
    'a zip that lies about a size': zip('manifest.yaml', Buffer.alloc(5 * 2 ** 20), { claimed: 10 }),
    'a zip that is encrypted': zip('manifest.yaml', Buffer.from('name: x'), { flags: 1 }),
    'a zip cut off': zip('manifest.yaml', Buffer.from('name: x')).subarray(0, 40),
    'a zip in name only': Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(1000)]),
    'no package at all': Buffer.from('#!/bin/sh\nrm -rf /\n'),
    'one byte': Buffer.from('B'),
    nothing: Buffer.alloc(0),
  }
}
