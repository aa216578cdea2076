// The stand-in for Android on a real Debian: a guest with apt, whose only archive is a signed one in the guest itself, with
// a newer package in it. Made once and kept below `.test/`, but for what each image has of its own.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../scripts/command.ts'
import { AptArchive } from './apt-archive.ts'
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
  /** What it offers from a time on, in seconds since 1970. */
  later?: { offers: string; at: number }
}

/** What images are made with; take it away afterwards. */
export class DebianGuest implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'debian-guest-'))
  readonly #archive = new AptArchive()

  /** @returns a gzipped image. `edge-demo` 1.0 is installed in it. */
  async build(name: string, { offers, forged = false, later }: Archive): Promise<string> {
    const work = mkdtempSync(join(this.#folder, 'image-'))
    const rootfs = join(work, 'rootfs')
    mkdirSync(rootfs)
    await run('tar', ['-C', rootfs, '-xpf', await base(), '--numeric-owner', '--exclude=./dev/*'])
    await run('tar', ['-C', work, '-xpf', guestFile(), '--numeric-owner', 'metadata.yaml', ...standin])
    for (const command of commands) symlinkSync(`/system/bin/${command}`, join(rootfs, 'usr/local/bin', command))
    rmSync(join(rootfs, 'etc/resolv.conf'), { force: true })
    symlinkSync('/run/resolv.conf', join(rootfs, 'etc/resolv.conf'))
    symlinkSync('/system/bin/init', join(rootfs, 'usr/sbin/init'))
    const demo = (version: string) =>
      this.#archive.build({ name: 'edge-demo', version, files: { 'usr/share/edge-demo': version } })
    execFileSync('cp', [demo('1.0'), join(rootfs, 'old.deb')])
    execFileSync('chroot', [rootfs, 'dpkg', '-i', '/old.deb'], { stdio: 'ignore' })
    rmSync(join(rootfs, 'old.deb'))
    this.#archive.write(join(rootfs, 'srv/archive'), [demo(offers)], forged)
    if (later) {
      this.#archive.write(join(rootfs, 'srv/later'), [demo(later.offers)])
      const script = `[ $(date +%s) -lt ${later.at} ] || cp -a /srv/later/. /srv/archive/`
      writeFileSync(join(rootfs, 'etc/apt/apt.conf.d/99later'), `APT::Update::Pre-Invoke { "${script}"; };\n`)
    }
    writeFileSync(join(rootfs, 'etc/apt/test.gpg'), this.#archive.key)
    writeFileSync(join(rootfs, 'etc/apt/sources.list'), 'deb [signed-by=/etc/apt/test.gpg] file:/srv/archive ./\n')
    const file = join(this.#folder, `${name}.tar.gz`)
    execFileSync('tar', ['-C', work, '-I', 'gzip -1', '-cpf', file, '--numeric-owner', 'metadata.yaml', 'rootfs'])
    rmSync(work, { recursive: true })
    return file
  }

  [Symbol.dispose](): void {
    this.#archive[Symbol.dispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const standin = ['system', 'data', 'var/lib/anbox', 'var/log'].map((path) => `rootfs/${path}`)

async function base(): Promise<string> {
  const path = join(cache, `debian-${suite}-${process.arch}.tar`)
  if (existsSync(path)) return path
  const leave = ['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
  await run('mmdebstrap', ['--mode=root', '--variant=apt', '--format=tar', ...leave, suite, `${path}.new`])
  renameSync(`${path}.new`, path)
  return path
}
