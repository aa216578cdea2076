// The stand-in for Android on a real Debian: a guest with apt, whose only archive is a signed one in the guest itself, with
// a newer package in it. Made once and kept below `.test/`, but for what each image has of its own.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../scripts/command.ts'
import { guestFile } from './edge.ts'

const cache = join(import.meta.dirname, '../../.test')
const suite = 'bookworm'
/** What LXD's exec finds by its name. */
const commands = ['anbox-shell', 'getprop', 'setprop', 'am', 'pm', 'cmd', 'dumpsys', 'stop', 'logcat']

export type Archive = {
  /** Version of the package `edge-demo` that the archive offers. */
  offers: string
  /** The archive's signature does not fit. */
  forged?: boolean
}

/** A folder with a key that signs archives; take it away afterwards. */
export class DebianGuest implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'debian-guest-'))
  readonly #gnupg = mkdtempSync(join(tmpdir(), 'gpg-'))

  constructor() {
    this.#gpg('--quick-gen-key', 'test archive', 'ed25519', 'sign', 'never')
  }

  /** @returns a gzipped image. `edge-demo` 1.0 is installed in it. */
  async build(name: string, { offers, forged = false }: Archive): Promise<string> {
    const work = mkdtempSync(join(this.#folder, 'image-'))
    const rootfs = join(work, 'rootfs')
    mkdirSync(rootfs)
    await run('tar', ['-C', rootfs, '-xpf', await base(), '--numeric-owner', '--exclude=./dev/*'])
    await run('tar', ['-C', work, '-xpf', guestFile(), '--numeric-owner', 'metadata.yaml', ...standin])
    for (const command of commands) symlinkSync(`/system/bin/${command}`, join(rootfs, 'usr/local/bin', command))
    rmSync(join(rootfs, 'etc/resolv.conf'), { force: true })
    symlinkSync('/run/resolv.conf', join(rootfs, 'etc/resolv.conf'))
    symlinkSync('/system/bin/init', join(rootfs, 'usr/sbin/init'))
    const old = this.#package(work, '1.0')
    execFileSync('cp', [old, join(rootfs, 'old.deb')])
    execFileSync('chroot', [rootfs, 'dpkg', '-i', '/old.deb'], { stdio: 'ignore' })
    rmSync(join(rootfs, 'old.deb'))
    this.#archive(work, rootfs, offers, forged)
    const file = join(this.#folder, `${name}.tar.gz`)
    execFileSync('tar', ['-C', work, '-I', 'gzip -1', '-cpf', file, '--numeric-owner', 'metadata.yaml', 'rootfs'])
    rmSync(work, { recursive: true })
    return file
  }

  [Symbol.dispose](): void {
    execFileSync('gpgconf', ['--homedir', this.#gnupg, '--kill', 'all'])
    for (const folder of [this.#folder, this.#gnupg]) rmSync(folder, { recursive: true, force: true })
  }

  #package(work: string, version: string): string {
    const tree = join(work, `deb-${version}`)
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    mkdirSync(join(tree, 'usr/share'), { recursive: true })
    writeFileSync(join(tree, 'usr/share/edge-demo'), version)
    const fields = {
      Package: 'edge-demo',
      Version: version,
      Architecture: 'all',
      Maintainer: 'tests',
      Description: 'for tests',
    }
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      `${Object.entries(fields)
        .map((pair) => pair.join(': '))
        .join('\n')}\n`,
    )
    const file = join(work, `edge-demo_${version}.deb`)
    execFileSync('dpkg-deb', ['--root-owner-group', '-b', tree, file], { stdio: 'ignore' })
    return file
  }

  #archive(work: string, rootfs: string, version: string, forged: boolean): void {
    const at = join(rootfs, 'srv/archive')
    mkdirSync(at, { recursive: true })
    const file = this.#package(work, version)
    execFileSync('cp', [file, join(at, 'edge-demo.deb')])
    const bytes = readFileSync(file)
    const fields = execFileSync('dpkg-deb', ['-f', file]).toString().trim()
    const index = `${fields}\nFilename: ./edge-demo.deb\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`
    writeFileSync(join(at, 'Packages'), index)
    const release = `Origin: Test\nLabel: Test-Security\nSuite: stable-security\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sha256(Buffer.from(index))} ${index.length} Packages\n`
    const plain = join(work, 'Release')
    writeFileSync(plain, release)
    this.#gpg('--clearsign', '-o', join(at, 'InRelease'), plain)
    if (forged)
      writeFileSync(
        join(at, 'InRelease'),
        readFileSync(join(at, 'InRelease'), 'utf8').replace('Origin: Test', 'Origin: Tess'),
      )
    writeFileSync(join(rootfs, 'etc/apt/test.gpg'), execFileSync('gpg', ['--homedir', this.#gnupg, '--export']))
    writeFileSync(join(rootfs, 'etc/apt/sources.list'), 'deb [signed-by=/etc/apt/test.gpg] file:/srv/archive ./\n')
  }

  #gpg(...args: string[]): void {
    execFileSync('gpg', ['--homedir', this.#gnupg, '--batch', '--yes', '--passphrase', '', ...args], {
      stdio: 'ignore',
    })
  }
}

const standin = ['system', 'data', 'var/lib/anbox', 'var/log'].map((path) => `rootfs/${path}`)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

async function base(): Promise<string> {
  const path = join(cache, `debian-${suite}-${process.arch}.tar`)
  if (existsSync(path)) return path
  const leave = ['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
  await run('mmdebstrap', ['--mode=root', '--variant=apt', '--format=tar', ...leave, suite, `${path}.new`])
  renameSync(`${path}.new`, path)
  return path
}
