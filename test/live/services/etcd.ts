// etcd with one member, asked over its JSON gateway.
import { type Credential, placeRendered, render } from '@anbox/pki'
import { freePort } from '../edge.ts'
import { Daemon } from './daemon.ts'
import type { Deployment } from './deployment.ts'
import { type Peer, reasonOf, type Visit, visit } from './peer.ts'

export class Etcd implements AsyncDisposable {
  readonly port: number
  readonly peerPort: number
  readonly #deployment: Deployment
  readonly #credential: Credential
  #daemon: Daemon | undefined

  #members: Record<string, string> = {}
  readonly #name: string

  private constructor(deployment: Deployment, credential: Credential, ports: [number, number], name = 'etcd') {
    this.#name = name
    this.#deployment = deployment
    this.#credential = credential
    ;[this.port, this.peerPort] = ports
  }

  static async start(deployment: Deployment): Promise<Etcd> {
    const etcd = new Etcd(deployment, await deployment.server('etcd'), [await freePort(), await freePort()])
    await etcd.#run()
    return etcd
  }

  /** Members of one cluster. */
  static async cluster(deployment: Deployment, names: readonly string[]): Promise<Etcd[]> {
    const members: Etcd[] = []
    for (const name of names) {
      const ports: [number, number] = [await freePort(), await freePort()]
      members.push(new Etcd(deployment, await deployment.server('etcd'), ports, name))
    }
    for (const one of members)
      for (const other of members) if (other !== one) one.#members[other.#name] = `https://localhost:${other.peerPort}`
    await Promise.all(members.map((one) => one.#run()))
    return members
  }

  async #run(): Promise<void> {
    const ready = await this.#deployment.client('etcd', 'ready')
    const { start } = await this.render()
    this.#daemon = await Daemon.start(start, {
      log: this.#deployment.path(`${this.#name}.log`),
      ready: async () => {
        const found = await this.visit({ cert: ready.certificate, key: ready.key })
        if (!found.ok) throw new Error(found.reason)
      },
    })
  }

  async render() {
    const path = this.#deployment.path(this.#name)
    const rendered = render('etcd', {
      directory: path,
      credential: this.#credential,
      trust: this.#deployment.trust('etcd'),
      crl: await this.#deployment.authority.crl('etcd'),
      host: 'localhost',
      port: this.port,
      peerPort: this.peerPort,
      name: this.#name,
      members: this.#members,
      store: this.#deployment.path(`${this.#name}-store`),
    })
    await placeRendered(path, rendered)
    return rendered
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`
  }

  /** Ends every connection. Its data is on the disk. */
  async restart(): Promise<void> {
    await this.#daemon?.stop()
    await this.#run()
  }

  /** Reads a key. */
  async visit(peer: Peer, url = `${this.url}/v3/kv/range`): Promise<Visit> {
    try {
      const from = peer.plain ? url.replace('https:', 'http:') : url
      if (peer.plain) {
        const answer = await fetch(from, { method: 'POST', body: '{"key":"YQ=="}' })
        return answer.ok ? { ok: true } : { ok: false, reason: `HTTP ${answer.status}` }
      }
      const { status, body } = await visit(from, peer, { root: this.#deployment.root, body: { key: 'YQ==' } })
      return status === 200 ? { ok: true } : { ok: false, reason: `HTTP ${status} ${JSON.stringify(body)}` }
    } catch (error) {
      const { cause } = error as { cause?: unknown }
      return { ok: false, reason: reasonOf(cause instanceof Error ? cause : error) }
    }
  }

  get log(): string {
    return this.#daemon?.log ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop()
  }
}
