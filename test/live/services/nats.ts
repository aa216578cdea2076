// nats-server with JetStream off, and a client that speaks its protocol by hand, so that it can show anything at the door.
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Credential, makeSecret, placeRendered, render } from '@anbox/pki'
import { freePort } from '../edge.ts'
import { Daemon } from './daemon.ts'
import type { Deployment } from './deployment.ts'
import { type Peer, reasonOf, tlsOf, type Visit } from './peer.ts'

export const identityOf = (name: string) => `anbox:messaging/client/${name}`

export class Nats implements AsyncDisposable {
  readonly port: number
  readonly tokens = new Map<string, string>()
  /** In place of those: one for everybody. */
  shared: string | undefined
  readonly #deployment: Deployment
  readonly #credential: Credential
  #daemon: Daemon | undefined

  private constructor(deployment: Deployment, credential: Credential, port: number) {
    this.#deployment = deployment
    this.#credential = credential
    this.port = port
  }

  /** @param clients whose certificates are let in, each with a token of its own */
  static async start(deployment: Deployment, clients: readonly string[] | { shared: string }): Promise<Nats> {
    const nats = new Nats(deployment, await deployment.server('nats'), await freePort())
    if ('shared' in clients) nats.shared = clients.shared
    else for (const name of clients) nats.tokens.set(name, makeSecret())
    const { start } = await nats.render()
    const ready = () =>
      once(
        connectPlain(nats.port, '127.0.0.1').once('data', function (this: Socket) {
          this.destroy()
        }),
        'close',
      )
    nats.#daemon = await Daemon.start(start, { log: deployment.path('nats.log'), ready })
    return nats
  }

  async render() {
    const rendered = render('nats', {
      directory: this.#deployment.path('nats'),
      credential: this.#credential,
      trust: this.#deployment.trust('nats'),
      port: this.port,
      ...(this.shared ? { token: this.shared } : { clients: this.#clients() }),
    })
    await placeRendered(this.#deployment.path('nats'), rendered)
    return rendered
  }

  #clients() {
    return [...this.tokens].map(([name, token]) => ({ identity: identityOf(name), token }))
  }

  /** Takes clients away, as it says that it takes. */
  async remove(name: string): Promise<void> {
    this.tokens.delete(name)
    await this.change()
  }

  async change(): Promise<void> {
    const { reload } = await this.render()
    if (reload.revocation === 'SIGHUP') this.#daemon?.signal('SIGHUP')
  }

  async visit(peer: Peer): Promise<Visit> {
    const plain = connectPlain(this.port, '127.0.0.1')
    let socket: Socket = plain
    try {
      await once(plain, 'data')
      if (!peer.plain) {
        const tls = connectTls({ socket: plain, ...tlsOf(peer, this.#deployment.root) })
        socket = tls
        await once(tls, 'secureConnect')
      }
      const says = { verbose: false, pedantic: false, lang: 'test', version: '1', protocol: 1 }
      const shown = { ...says, tls_required: !peer.plain, user: peer.user, pass: peer.password, auth_token: peer.token }
      const answer = new Promise<string>((resolve, reject) => {
        socket.on('data', (data) => /PONG|-ERR/.test(String(data)) && resolve(String(data)))
        socket.once('error', reject).once('close', () => reject(new Error('socket hang up')))
      })
      socket.write(`CONNECT ${JSON.stringify(shown)}\r\nPING\r\n`)
      const said = await answer
      return said.includes('PONG') ? { ok: true } : { ok: false, reason: /-ERR '([^']*)'/.exec(said)?.[1] ?? said }
    } catch (error) {
      return { ok: false, reason: reasonOf(error) }
    } finally {
      socket.on('error', () => {}).destroy()
      plain.on('error', () => {}).destroy()
    }
  }

  get log(): string {
    return this.#daemon?.log ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop()
  }
}
