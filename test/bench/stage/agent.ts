// A private agent on the private LXD, with the guest's image and some running instances.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority, saveCredential } from '@anbox/pki'
import { AmsClient } from '@anbox/sdk'
import { systemEnvironment } from '../../../scripts/command.ts'
import type { PrivateLxd } from '../../../scripts/lxd/index.ts'
import type { Target } from '../drivers/orders.ts'
import { freePort } from './remote.ts'

const cli = join(import.meta.dirname, '../../../packages/edge-agent/src/cli.ts')
/** How many instances it hosts while its list is asked for. */
export const hosted = 4
/** The image's name. */
export const standin = 'standin'
export const project = 'anbox'
/** What each instance may use. */
export const resources = { cpus: 1, memory: 512 * 2 ** 20, disk_size: 2 ** 30 }

export type AgentOptions = {
  /** Its own, below the bench's. */
  folder: string
  lxd: PrivateLxd
  image: string
  env: Record<string, string>
  signal: AbortSignal
  /** Its LXD project. */
  project?: string
  /** Running instances that it has from the start. */
  hosted?: number
  /** Instances made ahead of launches. */
  warm?: { prepared: number; paused: number }
}

export class Agent {
  readonly #options: AgentOptions
  readonly #config: string
  #child: ChildProcess | undefined
  readonly unix: Target
  readonly tls: Target
  /** One of the running instances. */
  instance = ''

  private constructor(options: AgentOptions, config: string, unix: Target, tls: Target) {
    this.#options = options
    this.#config = config
    this.unix = unix
    this.tls = tls
  }

  static async start(options: AgentOptions): Promise<Agent> {
    const { folder, lxd, warm } = options
    const authority = await createAuthority(join(folder, 'pki'), { key: 'ecdsa-p256' })
    const at = { dns: ['localhost'], ip: ['127.0.0.1'] }
    const issued = join(folder, 'credentials')
    const server = await saveCredential(
      issued,
      'server',
      await authority.issue({ kind: 'server', name: 'agent', ...at }),
    )
    const client = await saveCredential(issued, 'client', await authority.issue({ kind: 'client', name: 'bench' }))
    const port = await freePort()
    const socketPath = join(folder, 'agent.socket')
    const { certificate, key, root } = server
    const config = join(folder, 'agent.yaml')
    const settings = {
      stateDirectory: join(folder, 'state'),
      lxd: { socket: lxd.socketPath, project: options.project ?? project, storagePool: 'default', network: lxd.bridge },
      api: { address: '127.0.0.1', port, socket: socketPath, certificate, key, trustedCertificates: [root] },
      node: { name: 'bench' },
      ...(warm && { warm: { of: [standin], ...warm } }),
    }
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 }) // JSON is YAML.
    const tls = { url: `https://127.0.0.1:${port}`, certificate: client.certificate, key: client.key, ca: root }
    const agent = new Agent(options, config, { server: 'ams', socketPath }, { server: 'ams', ...tls })
    try {
      await agent.#begin(socketPath)
      await agent.#fill(socketPath)
      return agent
    } catch (error) {
      await agent.end()
      throw error
    }
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Until there is an instance made ahead for the next launch. */
  async untilWarm(): Promise<void> {
    const { warm, signal } = this.#options
    if (!warm) return
    await using ams = new AmsClient({ socketPath: this.#socketPath })
    for (;;) {
      const node = (await ams.nodes.get('bench', { signal })) as unknown as Record<string, Record<string, number>>
      const ready = node['edge.warm']
      if (ready?.prepared === warm.prepared && ready.paused === warm.paused) return
      await sleep(50, undefined, { signal })
    }
  }

  get #socketPath(): string {
    return 'socketPath' in this.unix ? this.unix.socketPath : ''
  }

  /** A fresh process that has to find what the one before it hosted. */
  async restart(): Promise<void> {
    await this.end()
    await this.#begin(this.#socketPath)
  }

  async end(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }

  async #begin(socketPath: string): Promise<void> {
    const { folder, env, signal } = this.#options
    const logFile = join(folder, 'agent.log')
    const log = openSync(logFile, 'a', 0o600)
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', cli, 'run', '--config', this.#config],
      {
        env: { ...systemEnvironment(), ...env },
        stdio: ['ignore', log, log],
      },
    )
    this.#child = child
    await using ams = new AmsClient({ socketPath, retries: 0 })
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted()
      if (child.exitCode !== null || tries > 300)
        throw new Error(`the agent did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
      const ready = await ams.nodes.list({ signal }).then(
        () => true,
        () => false,
      )
      if (ready) return
      await sleep(100)
    }
  }

  async #fill(socketPath: string): Promise<void> {
    const { image, signal } = this.#options
    await using ams = new AmsClient({ socketPath })
    await (await ams.images.upload(standin, image, { signal })).wait({ signal })
    // One after the other: LXD 5.0.2 may give instances that are made at the same moment numbers for their users that
    // it has not been lent (a base of 65536), and then cannot start them.
    for (let index = 0; index < (this.#options.hosted ?? hosted); index++) {
      const body = { name: `bench-${index}`, image_id: standin, resources }
      const launch = await ams.instances.launch(body, { signal })
      await launch.wait({ signal, deadline: 120_000 })
      this.instance = launch.resource('instances') ?? ''
    }
  }
}
