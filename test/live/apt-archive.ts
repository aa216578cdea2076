// A signed archive for apt, and packages for it.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

export type DebPackage = {
  name: string
  version: string
  /** Files by path, and in them their content. */
  files?: Record<string, string>
  /** Run when it is configured. */
  postinst?: string
  depends?: string
}

export class AptArchive implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'apt-archive-'))
  readonly #gnupg = mkdtempSync(join(tmpdir(), 'gpg-'))

  constructor() {
    this.#gpg('--quick-gen-key', 'test archive', 'ed25519', 'sign', 'never')
  }

  /** @returns its file. */
  build({ name, version, files = {}, postinst, depends }: DebPackage): string {
    const tree = mkdtempSync(join(this.folder, 'tree-'))
    const put = (path: string, content: string, mode = 0o644) => {
      mkdirSync(dirname(join(tree, path)), { recursive: true })
      writeFileSync(join(tree, path), content, { mode })
    }
    for (const [path, content] of Object.entries(files)) put(path, content)
    const fields = {
      Package: name,
      Version: version,
      Architecture: 'all',
      Maintainer: 'tests',
      ...(depends && { Depends: depends }),
      Description: 'for tests',
    }
    const control = Object.entries(fields).map((pair) => `${pair.join(': ')}\n`)
    put('DEBIAN/control', control.join(''))
    if (postinst !== undefined) put('DEBIAN/postinst', `#!/bin/sh\nset -e\n${postinst}\n`, 0o755)
    execFileSync('chmod', ['755', tree])
    const file = join(this.folder, `${name}_${version}.deb`)
    execFileSync('dpkg-deb', ['--root-owner-group', '-b', tree, file], { stdio: 'ignore' })
    rmSync(tree, { recursive: true })
    return file
  }

  /** Writes the archive with these packages into a folder. @param forged its signature does not fit. */
  write(into: string, packages: readonly string[], forged = false): void {
    rmSync(into, { recursive: true, force: true })
    mkdirSync(into, { recursive: true })
    const entries = packages.map((file) => {
      const bytes = readFileSync(file)
      writeFileSync(join(into, basename(file)), bytes)
      const fields = execFileSync('dpkg-deb', ['-f', file]).toString().trim()
      return `${fields}\nFilename: ./${basename(file)}\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`
    })
    const index = entries.join('\n')
    writeFileSync(join(into, 'Packages'), index)
    const release = `Origin: Test\nLabel: Test-Security\nSuite: stable-security\nDate: ${new Date().toUTCString()}\nSHA256:\n ${sha256(Buffer.from(index))} ${index.length} Packages\n`
    const plain = join(this.folder, 'Release')
    writeFileSync(plain, release)
    const signed = join(into, 'InRelease')
    this.#gpg('--clearsign', '-o', signed, plain)
    if (forged) writeFileSync(signed, readFileSync(signed, 'utf8').replace('Origin: Test', 'Origin: Tess'))
  }

  /** The keyring by which it is trusted. */
  get key(): Buffer {
    return execFileSync('gpg', ['--homedir', this.#gnupg, '--export'])
  }

  [Symbol.dispose](): void {
    execFileSync('gpgconf', ['--homedir', this.#gnupg, '--kill', 'all'])
    for (const folder of [this.folder, this.#gnupg]) rmSync(folder, { recursive: true, force: true })
  }

  #gpg(...args: string[]): void {
    execFileSync('gpg', ['--homedir', this.#gnupg, '--batch', '--yes', '--passphrase', '', ...args], {
      stdio: 'ignore',
    })
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
