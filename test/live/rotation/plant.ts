// NATS, etcd, LXD and the edge agent of one deployment, with a client for each, all of them consumers of a rotation: what
// they read, what it takes for them to read it again, and how that is done here.
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Authority,
  type Component,
  type Credential,
  makeSecret,
  openAuthority,
  type Purpose,
  placeRendered,
  purposeOf,
  type Rendered,
  render,
  serverRequest,
} from '@anbox/pki'
import { AmsClient, LxdClient } from '@anbox/sdk'
import { run, systemEnvironment } from '../../../scripts/command.ts'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../../scripts/lxd/index.ts'
import { Edge, freePort } from '../edge.ts'
import { Daemon } from '../services/daemon.ts'
import { type Peer, visit } from '../services/peer.ts'
import { NatsLink } from './nats-link.ts'

const key = 'ecdsa-p256' as const
const token = makeSecret()
type Need = 'none' | 'SIGHUP' | 'restart'
/** A restart, from the moment that it begins to the first answer; or a reload, from the signal to its end. */
export type Pause = { service: string; from: number; to: number }

export class Plant implements AsyncDisposable {
  readonly edge: Edge
  readonly restarts: Pause[] = []
  /** Of nats-server: who is just connecting when it gets the signal is refused once. */
  readonly reloads: Pause[] = []
  readonly #folder: string
  readonly #ports: Record<'nats' | 'etcd' | 'lxd', number>
  readonly #starts = new Map<Component, Rendered['start']>()
  readonly #daemons = new Map<Component, Daemon>()
  #lxd: PrivateLxd
  readonly #loaded = new Map<string, Peer & { root: string }>()
  readonly #kept = new Map<string, { request: () => Promise<void>; close: () => void | Promise<void> }>()

  private constructor(edge: Edge, folder: string, lxd: PrivateLxd, ports: Record<'nats' | 'etcd' | 'lxd', number>) {
    this.edge = edge
    this.#folder = folder
    this.#lxd = lxd
    this.#ports = ports
  }

  /** @param folder an empty one, for the private LXD above all */
  static async start(folder: string): Promise<Plant> {
    const lxd = await startPrivateLxd({ directory: `${folder}/lxd` })
    const edge = await Edge.start({ lxdDirectory: lxd.directory, bridge: lxd.bridge }).catch(async (error) => {
      await cleanPrivateLxd(`${folder}/lxd`)
      throw error
    })
    const ports = { nats: await freePort(), etcd: await freePort(), lxd: await freePort() }
    const plant = new Plant(edge, folder, lxd, ports)
    try {
      await plant.#begin()
    } catch (error) {
      await plant[Symbol.asyncDispose]()
      throw error
    }
    return plant
  }

  get pki(): string {
    return this.edge.path('pki')
  }

  async #begin(): Promise<void> {
    const authority = await openAuthority(this.pki)
    for (const [name, purpose] of [
      ['ops', 'control'],
      ['store', 'etcd'],
      ['bus', 'messaging'],
    ] as const)
      this.#save(name, await authority.issue({ purpose, kind: 'client', name, key }), authority)
    const credential = (component: Component) =>
      authority.issue(serverRequest(component, { name: component, dns: ['localhost'], ip: ['127.0.0.1'], usual: key }))
    const trust = (component: Component) => authority.intermediate(purposeOf(component)).certificate
    const common = async (component: Component) => ({
      directory: `${this.#folder}/${component}`,
      credential: await credential(component),
      trust: trust(component),
    })
    const crl = await authority.crl('etcd')
    const { nats, etcd, lxd } = this.#ports
    const clients = [{ identity: 'anbox:messaging/client/bus', token }]
    const peerPort = await freePort()
    const store = `${this.#folder}/etcd-store`
    await this.#place('nats', render('nats', { ...(await common('nats')), port: nats, clients }))
    await this.#place(
      'etcd',
      render('etcd', { ...(await common('etcd')), crl, host: 'localhost', port: etcd, peerPort, store }),
    )
    await this.#place('lxd', render('lxd', { ...(await common('lxd')), port: lxd }))
    writeFileSync(
      `${this.#folder}/pins.crt`,
      certificatesIn(readFileSync(this.#file('ops', 'own.crt'), 'utf8'))[0] ?? '',
    )
    await Promise.all([this.#run('nats'), this.#run('etcd'), this.#restartLxd()])
  }

  async #place(component: Component, rendered: Rendered): Promise<void> {
    await placeRendered(`${this.#folder}/${component}`, rendered, { shared: component === 'lxd' })
    this.#starts.set(component, rendered.start)
  }

  #save(name: string, { certificate, key: own }: Credential, authority: Authority): void {
    mkdirSync(`${this.#folder}/${name}`, { mode: 0o700 })
    writeFileSync(this.#file(name, 'own.crt'), certificate)
    writeFileSync(this.#file(name, 'own.key'), own, { mode: 0o600 })
    writeFileSync(this.#file(name, 'ca.crt'), authority.anchors)
  }

  #file(name: string, file: string): string {
    return `${this.#folder}/${name}/${file}`
  }

  /** What is written into consumers.json. @param apply the words of the command that comes back to `apply` */
  consumers(apply: string[]) {
    const own = (name: string) => ({ certificate: this.#file(name, 'own.crt'), key: this.#file(name, 'own.key') })
    const server = (component: Component, trust: string) => ({
      trust: this.#file(component, trust),
      certificate: this.#file(component, 'server.crt'),
      key: this.#file(component, 'server.key'),
    })
    const all = (need: Need) => ({ trust: need, chain: need, leaf: need, pins: need })
    const client = (name: string, purpose: Purpose) => ({
      ...{ name, purpose, anchor: 'root', needs: all('SIGHUP') },
      files: { trust: this.#file(name, 'ca.crt'), ...own(name) },
    })
    const edge = { trust: this.edge.path('tls/ca.crt'), certificate: this.edge.path('tls/server.crt') }
    return [
      client('ops', 'control'),
      {
        name: 'edge',
        purpose: 'control',
        anchor: 'root',
        files: { ...edge, key: this.edge.path('tls/server.key') },
        needs: all('SIGHUP'),
      },
      {
        ...{ name: 'lxd', purpose: 'control', anchor: 'control', singleAnchor: true, pins: ['ops'] },
        files: { ...server('lxd', 'server.ca'), pins: `${this.#folder}/pins.crt` },
        needs: { ...all('restart'), pins: 'SIGHUP' },
      },
      client('store', 'etcd'),
      {
        name: 'etcd',
        purpose: 'etcd',
        anchor: 'etcd',
        files: server('etcd', 'clients.ca'),
        needs: { ...all('none'), trust: 'restart' },
      },
      client('bus', 'messaging'),
      {
        name: 'nats',
        purpose: 'messaging',
        anchor: 'messaging',
        files: server('nats', 'clients.ca'),
        needs: all('SIGHUP'),
      },
    ].map((consumer) => ({ ...consumer, apply: { SIGHUP: apply, restart: apply } }))
  }

  /** Has a consumer read its files again; comes back when it has. */
  async apply(consumer: string, need: string): Promise<void> {
    if (need === 'restart') return this.#restart(consumer === 'lxd' ? 'lxd' : 'etcd')
    if (consumer === 'nats') return this.#reloadNats()
    if (consumer === 'edge') return this.#reloadEdge()
    if (consumer === 'lxd') return this.#trust()
    await this.#renew(consumer)
  }

  async #restart(service: 'lxd' | 'etcd'): Promise<void> {
    const from = Date.now()
    if (service === 'lxd') await this.#restartLxd()
    else {
      await this.#daemons.get(service)?.stop()
      await this.#run(service)
    }
    this.restarts.push({ service, from, to: Date.now() })
  }

  async #run(component: 'nats' | 'etcd'): Promise<void> {
    const start = this.#starts.get(component)
    if (!start) throw new Error(`${component} was not rendered`)
    const ready =
      component === 'etcd'
        ? () => this.ask('etcd')
        : () =>
            once(
              connect(this.#ports.nats, '127.0.0.1').once('data', function (this: Socket) {
                this.destroy()
              }),
              'close',
            )
    this.#daemons.set(component, await Daemon.start(start, { log: `${this.#folder}/${component}.log`, ready }))
  }

  async #restartLxd(): Promise<void> {
    await this.#lxd.stop()
    this.#lxd = await startPrivateLxd({ directory: `${this.#folder}/lxd` })
    await using lxd = new LxdClient({ socketPath: this.#lxd.socketPath })
    await lxd.server.patch({ config: { 'core.https_address': `127.0.0.1:${this.#ports.lxd}` } })
    await this.#trust()
    for (const end = Date.now() + 10_000; ; await sleep(50)) {
      const failed = await this.ask('lxd').then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failed === undefined) return
      if (Date.now() > end) throw failed
    }
  }

  /** Makes LXD's trust store what its pins file says: first more, then less. */
  async #trust(): Promise<void> {
    const env = { ...systemEnvironment(), LXD_DIR: this.#lxd.directory, LXD_CONF: `${this.#folder}/lxc` }
    const lxc = (...args: string[]) => run('lxc', args, { env })
    const wanted = certificatesIn(readFileSync(`${this.#folder}/pins.crt`, 'utf8')).map(
      (pem) => new X509Certificate(pem),
    )
    const there: { fingerprint: string }[] = JSON.parse(await lxc('query', '/1.0/certificates?recursion=1'))
    const known = (certificate: X509Certificate) => certificate.fingerprint256.replaceAll(':', '').toLowerCase()
    const file = `${this.#folder}/pin.crt`
    for (const certificate of wanted) {
      if (there.some(({ fingerprint }) => fingerprint === known(certificate))) continue
      writeFileSync(file, certificate.toString())
      await lxc('config', 'trust', 'add', file, '--name', 'ops')
    }
    for (const { fingerprint } of there)
      if (!wanted.some((certificate) => known(certificate) === fingerprint))
        await lxc('config', 'trust', 'remove', fingerprint)
  }

  async #reloadNats(): Promise<void> {
    const daemon = this.#daemons.get('nats')
    const count = () => daemon?.log.split('Reloaded server configuration').length ?? 0
    const before = count()
    const from = Date.now()
    daemon?.signal('SIGHUP')
    for (const end = Date.now() + 5_000; count() === before; await sleep(5))
      if (Date.now() > end) throw new Error(`nats-server did not reload:\n${daemon?.log.slice(-1000)}`)
    this.reloads.push({ service: 'nats', from, to: Date.now() })
  }

  /** The signal is handled between two requests; a few of them are a few rounds of its event loop. */
  async #reloadEdge(): Promise<void> {
    process.kill(this.edge.pid, 'SIGHUP')
    await using local = new AmsClient({ socketPath: this.edge.path('state/unix.socket') })
    for (let round = 0; round < 3; round += 1) await local.nodes.list()
  }

  /** What a client has read: it reads its files when it is told to, as servers do. */
  #peer(name: string): Peer & { root: string } {
    const loaded = this.#loaded.get(name) ?? this.#load(name)
    this.#loaded.set(name, loaded)
    return loaded
  }

  #load(name: string): Peer & { root: string } {
    const read = (file: string) => readFileSync(this.#file(name, file), 'utf8')
    const user = name === 'bus' ? { user: 'anbox:messaging/client/bus', password: token } : {}
    return { cert: read('own.crt'), key: read('own.key'), root: read('ca.crt'), ...user }
  }

  /** One request on a connection of its own. */
  async ask(service: string): Promise<void> {
    const { request, close } = await this.#connect(service)
    try {
      await request()
    } finally {
      await close()
    }
  }

  /** One request on a connection that is kept. After a failure the next one makes another. */
  async askKept(service: string): Promise<void> {
    const kept = this.#kept.get(service) ?? (await this.#connect(service))
    this.#kept.set(service, kept)
    try {
      await kept.request()
    } catch (error) {
      if (this.#kept.get(service) === kept) this.#kept.delete(service)
      await kept.close()
      throw error
    }
  }

  /** A client that goes on reads its files again: a new connection takes the place of the one before. */
  async #renew(client: string): Promise<void> {
    this.#loaded.set(client, this.#load(client))
    const services = { ops: ['edge', 'lxd'], store: ['etcd'], bus: ['nats'] }[client] ?? []
    for (const service of services) {
      const before = this.#kept.get(service)
      if (!before) continue
      this.#kept.set(service, await this.#connect(service))
      // What is on its way is answered first.
      setTimeout(() => void before.close(), 6_000).unref()
    }
  }

  async #connect(service: string): Promise<{ request: () => Promise<void>; close: () => void | Promise<void> }> {
    const { root, ...peer } = this.#peer({ edge: 'ops', lxd: 'ops', etcd: 'store', nats: 'bus' }[service] ?? '')
    if (service === 'nats') {
      const link = await NatsLink.open(this.#ports.nats, peer, root)
      return { request: () => link.ping(), close: () => link.close() }
    }
    if (service === 'edge') {
      const { cert = '', key: own = '' } = peer
      const ams = new AmsClient({ url: this.edge.url, certificate: cert, key: own, ca: root })
      return { request: async () => void (await ams.instances.list()), close: () => ams.close() }
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const [url, body] =
      service === 'etcd'
        ? [`https://127.0.0.1:${this.#ports.etcd}/v3/kv/range`, { key: 'YQ==' }]
        : [`https://127.0.0.1:${this.#ports.lxd}/1.0/instances`, undefined]
    const request = async () => {
      const { status, body: said } = await visit(url, peer, { root, agent, ...(body && { body }) })
      if (status !== 200) throw new Error(`HTTP ${status} ${JSON.stringify(said)}`)
    }
    return { request, close: () => agent.destroy() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { close } of this.#kept.values()) await close()
    for (const daemon of this.#daemons.values()) await daemon.stop()
    await this.edge[Symbol.asyncDispose]()
    await cleanPrivateLxd(`${this.#folder}/lxd`)
  }
}

function certificatesIn(pem: string): string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? []
}
