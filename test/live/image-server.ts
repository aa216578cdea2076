// An image server that speaks simplestreams, with a token, a CA of its own, and lists that are signed where that is wanted.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { arch, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { make } from '../../packages/sdk/test/certificates.ts'
import { type LocalServer, serve } from '../../packages/sdk/test/server.ts'

export const token = 'token-of-the-subscription'

export const sha256 = (...paths: string[]) => {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path))
  return hash.digest('hex')
}

export class ImageServer implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'image-server-'))
  readonly ca = join(this.folder, 'ca.crt')
  /** Keyring of whoever signs the lists. */
  readonly keyring = join(this.folder, 'keyring.gpg')
  /** Builds of the one product, `stand-in`. */
  readonly versions: Record<string, { items: object }> = {}
  /** Whose key signs; another one is of somebody else. */
  signer = 'the vendor'
  /** Requests of files that were answered. */
  readonly sent: string[] = []
  readonly #gnupg = mkdtempSync(join(tmpdir(), 'gpg-'))
  readonly #files = new Map<string, string>()
  #server: LocalServer | undefined

  static async start(): Promise<ImageServer> {
    const made = new ImageServer()
    const identity = make('127.0.0.1')
    writeFileSync(made.ca, identity.certificate)
    for (const name of ['the vendor', 'a stranger']) made.#gpg('--quick-gen-key', name, 'ed25519', 'sign', 'never')
    writeFileSync(made.keyring, made.#gpg('--export', 'the vendor'))
    made.#server = await serve({ request: (asked, answer) => made.#answer(asked, answer) }, identity)
    return made
  }

  get url(): string {
    return this.#server?.url ?? ''
  }

  /** A build with one file. @param shown what the list says of it, where that is not so. */
  offer(version: string, file: string, shown: object = {}): void {
    this.versions[version] = { items: { whole: this.item('lxd_combined.tar.gz', file, shown) } }
  }

  item(ftype: string, path: string, more: object = {}): object {
    this.#files.set(`/${basename(path)}`, path)
    return { ftype, path: basename(path), sha256: sha256(path), size: statSync(path).size, ...more }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
    execFileSync('gpgconf', ['--homedir', this.#gnupg, '--kill', 'all'])
    for (const folder of [this.folder, this.#gnupg]) rmSync(folder, { recursive: true })
  }

  #answer({ url = '', headers }: { url?: string; headers: { authorization?: string } }, answer: ServerResponse): void {
    const file = this.#files.get(url)
    const document = this.#documents()[url.replace(/\.sjson$/, '.json')]
    if (headers.authorization !== `Bearer ${token}`) answer.writeHead(401).end()
    else if (document) answer.writeHead(200).end(this.#signed(JSON.stringify(document), url.endsWith('.sjson')))
    else if (file) {
      this.sent.push(url)
      createReadStream(file).pipe(answer.writeHead(200))
    } else answer.writeHead(404).end()
  }

  #documents(): Record<string, object> {
    const index = { images: { datatype: 'image-downloads', path: 'streams/v1/images.json' } }
    const one = {
      ...{ aliases: 'stand-in', arch: arch() === 'arm64' ? 'arm64' : 'amd64', os: 'Android', release: '15' },
      versions: this.versions,
    }
    return {
      '/streams/v1/index.json': { format: 'index:1.0', index },
      '/streams/v1/images.json': { format: 'products:1.0', products: { one } },
    }
  }

  #signed(text: string, sign: boolean): string | Buffer {
    return sign ? this.#gpg('--local-user', this.signer, '--clear-sign', '--output', '-', text) : text
  }

  /** The last argument is read from standard input where it is a list. */
  #gpg(...args: string[]): Buffer {
    const input = args.at(-1)?.startsWith('{') ? args.pop() : ''
    return execFileSync('gpg', ['--homedir', this.#gnupg, '--batch', '--quiet', '--passphrase', '', ...args], {
      input,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
  }
}
