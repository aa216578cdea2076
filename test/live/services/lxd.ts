// A private LXD in PKI mode with its TLS port on loopback.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeRendered, type Rendered, render } from '@anbox/pki'
import { run, systemEnvironment } from '../../../scripts/command.ts'
import { cleanPrivateLxd, startPrivateLxd } from '../../../scripts/lxd/index.ts'
import { freePort } from '../edge.ts'
import type { Deployment } from './deployment.ts'
import { type Peer, reasonOf, type Visit, visit } from './peer.ts'

export class Lxd implements AsyncDisposable {
  readonly port: number
  readonly #deployment: Deployment
  readonly #folder: string
  /** LXD_DIR */
  readonly directory: string

  private constructor(deployment: Deployment, folder: string, directory: string, port: number) {
    this.#deployment = deployment
    this.#folder = folder
    this.directory = directory
    this.port = port
  }

  static async start(deployment: Deployment): Promise<Lxd> {
    const folder = deployment.path('lxd')
    const first = await startPrivateLxd({ directory: folder })
    const lxd = new Lxd(deployment, folder, first.directory, await freePort())
    try {
      const rendered = render('lxd', {
        directory: first.directory,
        credential: await deployment.server('lxd'),
        trust: deployment.trust('lxd'),
        port: lxd.port,
      })
      await placeRendered(folder, rendered, { shared: true })
      // It reads them at a start only.
      await first.stop()
      await startPrivateLxd({ directory: folder })
      await lxd.#preseed(rendered)
    } catch (error) {
      await lxd[Symbol.asyncDispose]()
      throw error
    }
    return lxd
  }

  async #preseed({ files }: Rendered): Promise<void> {
    const input = files.find(({ name }) => name === 'preseed.yaml')?.text ?? ''
    await run('lxd', ['init', '--preseed'], { input, env: this.#env })
  }

  get #env() {
    const client = this.#deployment.path('lxc')
    mkdirSync(client, { recursive: true, mode: 0o700 })
    return { ...systemEnvironment(), LXD_DIR: this.directory, LXD_CONF: client }
  }

  lxc(...args: string[]): Promise<string> {
    return run('lxc', args, { env: this.#env })
  }

  /** What the administrator of LXD gives to a client. */
  async token(name: string): Promise<string> {
    return (await this.lxc('config', 'trust', 'add', '--name', name, '--quiet')).trim().split('\n').at(-1) ?? ''
  }

  async add(name: string, certificate: string): Promise<void> {
    const file = join(this.#deployment.directory, `${name}.pem`)
    // LXD takes the last certificate of a file, too.
    writeFileSync(file, certificate.slice(0, certificate.indexOf('-----END') + 26))
    await this.lxc('config', 'trust', 'add', file, '--name', name)
  }

  async trusted(): Promise<{ name: string; fingerprint: string }[]> {
    return JSON.parse(await this.lxc('query', '/1.0/certificates?recursion=1'))
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  /** Lists the instances. */
  async visit(peer: Peer): Promise<Visit> {
    try {
      if (peer.plain) {
        const answer = await fetch(`${this.url.replace('https', 'http')}/1.0/instances`)
        return answer.ok ? { ok: true } : { ok: false, reason: `HTTP ${answer.status}` }
      }
      const { status, body } = await visit(`${this.url}/1.0/instances`, peer, { root: this.#deployment.root })
      return status === 200 ? { ok: true } : { ok: false, reason: `HTTP ${status} ${String(body.error ?? '')}`.trim() }
    } catch (error) {
      const { cause } = error as { cause?: unknown }
      return { ok: false, reason: reasonOf(cause instanceof Error ? cause : error) }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await cleanPrivateLxd(this.#folder)
  }
}
