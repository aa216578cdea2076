// A deployment on paper, for tests of rotation: consumers with real files that read them only when told to, as daemons do,
// and OpenSSL's opinion on every pair of them that talks to each other.
import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { splitPem } from '../src/authority/certificate.ts'
import { type Authority, createAuthority, type Kind, type Purpose, verifyChain } from '../src/index.ts'
import type { Consumer, FileRole } from '../src/rotation/consumer.ts'
import { openSecretStore, type SecretStore } from '../src/secrets/store.ts'

/** SIGKILL takes nothing from memory, and the thousands of fsync cost nothing there. */
export const fastFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

const key = 'ecdsa-p256' as const
const links: [client: string, server: string][] = [
  ['ops', 'edge'],
  ['ops', 'lxd'],
  ['ops', 'cluster'],
  ['store', 'etcd'],
  ['agent', 'nats'],
]

export class Deployment {
  readonly directory: string
  readonly peers = new Map<string, Peer>()
  readonly pki: string
  secrets!: SecretStore

  private constructor(directory: string) {
    this.directory = directory
    this.pki = join(directory, 'pki')
  }

  static async make(directory: string): Promise<Deployment> {
    const made = new Deployment(directory)
    const authority = await createAuthority(made.pki, { key })
    made.secrets = await openSecretStore(join(made.pki, 'secrets'), { key: { file: join(made.pki, 'secrets/key') } })
    made.secrets.create('coturn', 'turn', { generate: { bytes: 32 } })
    const add = (name: string, kind: Kind, purpose: Purpose, more: Partial<Consumer> = {}) =>
      made.#add(authority, { name, kind, purpose, ...more })
    await add('ops', 'client', 'control')
    await add('edge', 'server', 'control')
    await add('lxd', 'server', 'control', { anchor: 'control', singleAnchor: true, pins: ['ops'] })
    // LXD again, told to let in whom its CA signed.
    await add('cluster', 'server', 'control', { anchor: 'control', singleAnchor: true, pins: [] })
    await add('store', 'client', 'etcd')
    await add('etcd', 'peer', 'etcd', { anchor: 'etcd' })
    await add('agent', 'client', 'messaging')
    await add('nats', 'server', 'messaging', { anchor: 'messaging' })
    made.#addSecret('coturn', 'accepts')
    made.#addSecret('gateway', 'presents')
    for (const peer of made.peers.values()) peer.load()
    return made
  }

  get consumers(): Consumer[] {
    return [...this.peers.values()].map(({ consumer }) => consumer)
  }

  peer(name: string): Peer {
    const found = this.peers.get(name)
    assert.ok(found, name)
    return found
  }

  /** Every pair that would fail with what they have read. */
  async broken(): Promise<string[]> {
    const found: string[] = []
    for (const [client, server] of links) {
      const pair = [this.peer(client), this.peer(server)] as const
      for (const [one, other, purpose] of [
        [pair[0], pair[1], 'client'],
        [pair[1], pair[0], 'server'],
      ] as const) {
        const reason = await other.refuses(one, purpose)
        if (reason) found.push(`${other.consumer.name} refuses ${one.consumer.name}: ${reason}`)
      }
    }
    const shown = this.peer('gateway').loaded.secret ?? ''
    if (!this.peer('coturn').loaded.secret?.split('\n').includes(shown.trim())) found.push('coturn refuses gateway')
    return found
  }

  /** Everything that a rotation may change, and what it changes nothing of. */
  contents(): Map<string, string> {
    const files = globSync('**', { cwd: this.directory, withFileTypes: true }).filter((entry) => entry.isFile())
    const left = /\/(lock|audit\.[a-z]+|secrets\.db.*)$|\/rotations\/|\/issued\/|\/revoked\/|\/crl/
    const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !left.test(path))
    return new Map(paths.sort().map((path) => [path.slice(this.directory.length + 1), readFileSync(path, 'utf8')]))
  }

  async #add(
    authority: Authority,
    { name, kind, purpose, ...more }: { name: string; kind: Kind; purpose: Purpose } & Partial<Consumer>,
  ): Promise<void> {
    const folder = join(this.directory, name)
    mkdirSync(folder, { mode: 0o700 })
    const dns = kind === 'client' ? [] : [`${name}.example`]
    const issued = await authority.issue({ kind, purpose, name, dns, key, days: 30 })
    const { anchor = 'root' } = more
    const files: Consumer['files'] = {
      trust: join(folder, 'ca.crt'),
      certificate: join(folder, 'own.crt'),
      key: join(folder, 'own.key'),
      ...(more.pins && { pins: join(folder, 'pins.crt') }),
    }
    const trust = anchor === 'root' ? authority.anchors : authority.intermediate(anchor).certificate
    writeFileSync(join(folder, 'ca.crt'), trust)
    writeFileSync(join(folder, 'own.crt'), issued.certificate)
    writeFileSync(join(folder, 'own.key'), issued.key, { mode: 0o600 })
    const pinned = (more.pins ?? []).map(
      (pin) => splitPem(readFileSync(join(this.directory, pin, 'own.crt'), 'utf8'))[0],
    )
    if (files.pins) writeFileSync(files.pins, pinned.join(''))
    this.peers.set(name, new Peer({ name, purpose, anchor, ...more, files }))
  }

  #addSecret(name: string, use: 'accepts' | 'presents'): void {
    const folder = join(this.directory, name)
    mkdirSync(folder, { mode: 0o700 })
    const path = join(folder, 'secret')
    writeFileSync(path, `${this.secrets.get('turn', { as: 'coturn' }).value.reveal()}\n`, { mode: 0o600 })
    this.peers.set(name, new Peer({ name, secret: { name: 'turn', use }, files: { secret: path } }))
  }
}

const verdicts = new Map<string, string | undefined>()

export class Peer {
  readonly consumer: Consumer
  loaded: Partial<Record<FileRole, string>> = {}

  constructor(consumer: Consumer) {
    this.consumer = consumer
  }

  /** Reads its files, as after SIGHUP or a restart. */
  load(): void {
    const files = Object.entries(this.consumer.files).filter(([, path]) => existsSync(path))
    this.loaded = Object.fromEntries(files.map(([role, path]) => [role, readFileSync(path, 'utf8')]))
    const { certificate, key } = this.loaded
    if (certificate && key)
      assert.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)), 'a pair does not fit')
  }

  /** Why it would not talk to the other, if it would not. */
  async refuses(other: Peer, purpose: 'client' | 'server'): Promise<string | undefined> {
    const { trust = '', pins = '' } = this.loaded
    const { certificate = '' } = other.loaded
    const [leaf = ''] = splitPem(certificate)
    if (splitPem(pins).includes(leaf)) return undefined
    const { anchor, singleAnchor, pins: pinned = [] } = this.consumer
    const root = singleAnchor ? (splitPem(trust)[0] ?? '') : trust
    if (pinned.length > 0 && purpose === 'client') return 'not in its trust store'
    const question = { certificate, root, purpose, ...(anchor !== 'root' && { partial: true }) }
    const id = JSON.stringify(question)
    if (!verdicts.has(id)) {
      const verdict = await verifyChain(question)
      verdicts.set(id, verdict.ok ? undefined : verdict.reason)
    }
    return verdicts.get(id)
  }
}
