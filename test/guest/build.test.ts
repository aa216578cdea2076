import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { APPLETS } from './applets.ts'
import { isNative } from './architecture.ts'
import { buildGuest } from './build.ts'

const test = suite('stand-in for Android: image', { timeout: 180_000 })
const MACHINES = { x86_64: 62, aarch64: 183 } as const // ELF's numbers for them
let folder: string
const read = (image: string, path: string) => execFileSync('tar', ['-xzOf', image, path], { maxBuffer: 64 << 20 })

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guest-build-test-'))
})
test.after(() => rm(folder, { recursive: true, force: true }))

for (const arch of ['x86_64', 'aarch64'] as const) {
  test(`${arch}: the same inputs give the same bytes, under 60 MB`, async () => {
    const images = [join(folder, `${arch}-1.tar.gz`), join(folder, `elsewhere/${arch}-2.tar.gz`)] as const
    const [first, second] = [
      await buildGuest({ arch, out: images[0] }),
      await buildGuest({ arch, out: images[1] }),
    ] as const
    assert.equal(first.sha256, second.sha256)
    assert.ok((await readFile(first.path)).equals(await readFile(second.path)))
    assert.ok((await stat(first.path)).size < 60e6)
  })

  test(`${arch}: what is up to date is not built again; what was damaged is`, async () => {
    const image = join(folder, `${arch}-1.tar.gz`)
    const { mtimeMs } = await stat(image)
    const { sha256 } = await buildGuest({ arch, out: image })
    assert.equal((await stat(image)).mtimeMs, mtimeMs)
    await writeFile(image, 'damaged')
    assert.equal((await buildGuest({ arch, out: image })).sha256, sha256)
    assert.ok((await stat(image)).size > 1e6)
  })

  test(`${arch}: LXD finds its description, and binaries for that machine that need no other file`, () => {
    const image = join(folder, `${arch}-1.tar.gz`)
    const metadata = read(image, 'metadata.yaml').toString()
    assert.match(metadata, new RegExp(`^architecture: ${arch}\ncreation_date: \\d+\n`))
    assert.match(metadata, /description: .*stand-in for Android/)
    for (const name of ['standin', 'busybox']) {
      const binary = read(image, `rootfs/system/bin/${name}`)
      assert.equal(binary.toString('latin1', 0, 4), '\x7fELF')
      assert.equal(binary.readUInt16LE(18), MACHINES[arch])
      assert.ok(!binary.includes('/ld-linux-'), `${name} names a dynamic linker`)
    }
    const list = execFileSync('tar', ['--numeric-owner', '-tvzf', image]).toString()
    assert.ok(
      list.split('\n').every((line) => line === '' || / 0\/0 .* 2026-01-01 00:00 /.test(line)),
      list,
    )
    assert.match(list, /rootfs\/system\/bin\/init -> standin\n/)
    assert.match(list, /rootfs\/var\/lib\/anbox\/\n/)
  })
}

test('the command prints the image and its hash', () => {
  const image = join(folder, 'x86_64-1.tar.gz')
  const build = (...args: string[]) =>
    execFileSync(process.execPath, [join(import.meta.dirname, 'build.ts'), ...args], { stdio: 'pipe' }).toString()
  assert.match(build('--arch', 'x86_64', '--out', image), /^[0-9a-f]{64} {2}\/.*x86_64-1.tar.gz\n$/)
  assert.throws(() => build('--arch', 'riscv64', '--out', image), /usage: /)
})

test('the sources compile without a warning', () => {
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-Os', '-fsyntax-only']
  execFileSync('sh', ['-c', 'gcc "$@" *.c', 'gcc', ...flags], { cwd: join(import.meta.dirname, 'source') })
})

test('busybox has every applet that the image links', () => {
  const native = isNative('x86_64') ? 'x86_64' : 'aarch64'
  execFileSync('tar', ['-xzf', join(folder, `${native}-1.tar.gz`), '-C', folder, 'rootfs/system/bin/busybox'])
  const applets = execFileSync(join(folder, 'rootfs/system/bin/busybox'), ['--list']).toString().split('\n')
  assert.deepEqual(
    APPLETS.filter((name) => !applets.includes(name)),
    [],
  )
})
