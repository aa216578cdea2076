// coturn on loopback, tried with its own client.
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Credential, placeRendered, render } from '@anbox/pki'
import { attempt } from '../../../scripts/command.ts'
import { freePort } from '../edge.ts'
import { Daemon } from './daemon.ts'
import type { Deployment } from './deployment.ts'
import { type Peer, reasonOf, tlsOf, type Visit } from './peer.ts'

const magic = 0x2112a442

export class Coturn implements AsyncDisposable {
  readonly port: number
  readonly #deployment: Deployment
  readonly #credential: Credential
  #secrets: readonly string[]
  #peers: readonly string[] | undefined
  #daemon: Daemon | undefined

  private constructor(deployment: Deployment, credential: Credential, port: number, secrets: readonly string[]) {
    this.#deployment = deployment
    this.#credential = credential
    this.port = port
    this.#secrets = secrets
  }

  static async start(deployment: Deployment, secrets: readonly string[]): Promise<Coturn> {
    const coturn = new Coturn(deployment, await deployment.server('coturn'), await freePort(), secrets)
    await coturn.#run()
    return coturn
  }

  async #run(): Promise<void> {
    const rendered = render('coturn', {
      directory: this.#deployment.path('coturn'),
      credential: this.#credential,
      secrets: this.#secrets,
      ...(this.#peers && { peers: this.#peers }),
      port: this.port,
    })
    await placeRendered(this.#deployment.path('coturn'), rendered)
    const ready = async () => {
      const found = await this.hello({})
      if (!found.ok) throw new Error(found.reason)
    }
    const log = this.#deployment.path('coturn.log')
    // The client relays to itself, on loopback: nobody wants that of a server in earnest.
    this.#daemon = await Daemon.start(rendered.start, { log, ready, more: ['--allow-loopback-peers'] })
  }

  /** The next step of a rotation, with the restart that it says it takes. */
  async setSecrets(secrets: readonly string[]): Promise<void> {
    this.#secrets = secrets
    await this.restart()
  }

  async setPeers(peers: readonly string[]): Promise<void> {
    this.#peers = peers
    await this.restart()
  }

  async restart(): Promise<void> {
    await this.#daemon?.stop()
    await this.#run()
  }

  /** A STUN binding, which needs no user: is TLS spoken as it must be? */
  async hello(peer: Peer): Promise<Visit> {
    const socket = peer.plain
      ? connectPlain(this.port, '127.0.0.1')
      : connectTls({ host: '127.0.0.1', port: this.port, ...tlsOf(peer, this.#deployment.root) })
    try {
      await once(socket, peer.plain ? 'connect' : 'secureConnect')
      const binding = Buffer.alloc(20)
      binding.writeUInt16BE(1, 0)
      binding.writeUInt32BE(magic, 4)
      const answer = once(socket, 'data')
      const closed = once(socket, 'close').then(() => Promise.reject(new Error('socket hang up')))
      socket.write(binding)
      const [data] = await Promise.race([answer, closed])
      return (data as Buffer).readUInt16BE(0) === 0x0101 ? { ok: true } : { ok: false, reason: 'no STUN answer' }
    } catch (error) {
      return { ok: false, reason: reasonOf(error) }
    } finally {
      socket.on('error', () => {}).destroy()
    }
  }

  /** Two allocations with this user, and data relayed from one to the other. Over TLS the client takes 15 seconds for it. */
  async visit({ user = '', password = '' }: Peer): Promise<Visit> {
    const words = ['-t', '-S', '-E', this.#deployment.path('root.crt'), '-p', String(this.port)]
    const load = ['-y', '-c', '-n', '2', '-m', '1']
    const args = [...words, ...load, '-u', user, '-w', password, '127.0.0.1']
    const { code, stdout, stderr } = await attempt('turnutils_uclient', args, { timeout: 40_000 })
    const said = stdout + stderr
    if (code === 0 && /tot_recv_msgs=[1-9]/.test(said)) return { ok: true }
    const reason = /Cannot complete Allocation/.test(said) ? 'no allocation' : /Forbidden IP/.exec(said)?.[0]
    return { ok: false, reason: reason ?? `exit ${code}: ${said}` }
  }

  get log(): string {
    return this.#daemon?.log ?? ''
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop()
  }
}
