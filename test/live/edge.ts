// A real agent as a process of its own, over the LXD of the test run, with a PKI and clients; and all of it taken away
// again. `ANBOX_TEST_LXD`, `ANBOX_TEST_BRIDGE` and `ANBOX_TEST_GUEST` come from `npm test`.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAuthority, saveCredential } from '@anbox/pki'
import { AmsClient, LxdClient, type Operation } from '@anbox/sdk'

const cli = join(import.meta.dirname, '../../packages/edge-agent/src/cli.ts')

const given = (name: string) => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this with "npm test -- ${process.argv[2] ?? ''}"`)
  return value
}

export const guestFile = () => given('ANBOX_TEST_GUEST')
export type EdgeOptions = {
  bootSeconds?: number
  lxdDirectory?: string
  bridge?: string
  /** The agent's state lies on a file system of its own, so large. */
  stateMiB?: number
  env?: Record<string, string>
  /** More of `lxd` in the agent's configuration. */
  project?: object
  /** More of the agent's configuration. */
  config?: object
}

/** An instance small enough for many on one machine. */
export const small = { cpus: 1, memory: 128 * 2 ** 20, disk_size: 256 * 2 ** 20 }

export class Edge implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'edge-'))
  readonly project = `test-${randomBytes(4).toString('hex')}`
  readonly lxd: LxdClient
  /** Over mTLS, with a certificate of the deployment's CA. */
  ams!: AmsClient
  port = 0
  #process: ChildProcess | undefined
  readonly #options: EdgeOptions

  private constructor(options: EdgeOptions) {
    this.#options = options
    this.lxd = new LxdClient({ socketPath: join(this.#lxdDirectory, 'unix.socket'), project: this.project })
  }

  static async start(options: EdgeOptions = {}): Promise<Edge> {
    const edge = new Edge(options)
    edge.port = await freePort()
    const authority = await createAuthority(join(edge.directory, 'pki'), { key: 'ecdsa-p256' })
    const key = 'ecdsa-p256' as const
    await saveCredential(
      edge.path('tls'),
      'server',
      await authority.issue({ kind: 'server', name: 'edge', dns: ['localhost'], ip: ['127.0.0.1'], key }),
    )
    await saveCredential(edge.path('tls'), 'client', await authority.issue({ kind: 'client', name: 'test', key }))
    edge.#configure()
    edge.#mount()
    await edge.run()
    edge.ams = edge.client('client')
    return edge
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  get url(): string {
    return `https://localhost:${this.port}`
  }

  client(credential: string): AmsClient {
    return new AmsClient({
      url: this.url,
      certificate: this.read(`tls/${credential}.crt`),
      key: this.read(`tls/${credential}.key`),
      ca: this.read('tls/ca.crt'),
    })
  }

  /** Uploads the stand-in for Android and returns its id. */
  async upload(name = 'standin'): Promise<string> {
    return made(await (await this.ams.images.upload(name, guestFile())).wait(), 'images')
  }

  /** The stand-in in other bytes: another version of the image. @param files more files of it, by path. */
  otherGuest(folder: string, name = 'other', files: Record<string, string> = {}): string {
    const tar = join(folder, `${name}.tar`)
    execFileSync('sh', ['-c', 'gunzip -c "$1" >"$2"', 'sh', guestFile(), tar])
    writeFileSync(join(folder, 'other-marker'), randomBytes(8).toString('hex'))
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      // What begins as a script is one.
      writeFileSync(join(folder, path), content, { mode: content.startsWith('#!') ? 0o755 : 0o644 })
    }
    const added = ['--transform', 's,^,rootfs/,', 'other-marker', ...Object.keys(files)]
    execFileSync('tar', ['-rf', tar, '--owner=0', '--group=0', ...added], { cwd: folder })
    execFileSync('gzip', ['-f', tar])
    return `${tar}.gz`
  }

  /** Starts the agent and waits until it answers. @throws with its log when it ends before. */
  async run(env: Record<string, string> = {}): Promise<void> {
    const log = openSync(this.path('agent.log'), 'a')
    // Started by its first line, which has the flags of Node that it wants.
    const child = spawn(cli, ['run', '--config', this.path('config.yaml')], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...this.#options.env, ...env },
    })
    closeSync(log)
    this.#process = child
    const local = new AmsClient({ socketPath: this.path('state/unix.socket'), retries: 0 })
    try {
      for (;;) {
        if (child.exitCode !== null || child.signalCode)
          throw new Error(`the agent ended:\n${this.read('agent.log').slice(-2000)}`)
        if (
          await local.nodes.list().then(
            () => true,
            () => false,
          )
        )
          return
        await sleep(20)
      }
    } finally {
      await local.close()
    }
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Ends the agent and waits until it is gone. @returns its exit code, or null after a signal it did not handle. */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode) return child?.exitCode ?? null
    const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    child.kill(signal)
    return gone
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ams?.close()
    await this.kill('SIGKILL')
    await this.#clear().finally(() => this.lxd.close())
    if (this.#options.stateMiB) execFileSync('umount', [this.path('state')])
    rmSync(this.directory, { recursive: true, force: true })
  }

  #mount(): void {
    const { stateMiB } = this.#options
    if (!stateMiB) return
    mkdirSync(this.path('state'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${stateMiB}m,mode=700`, 'tmpfs', this.path('state')])
  }

  get #lxdDirectory(): string {
    return this.#options.lxdDirectory ?? given('ANBOX_TEST_LXD')
  }

  #configure(): void {
    const { bootSeconds = 60, bridge = given('ANBOX_TEST_BRIDGE') } = this.#options
    // JSON is YAML.
    const config = {
      stateDirectory: this.path('state'),
      lxd: {
        socket: join(this.#lxdDirectory, 'unix.socket'),
        project: this.project,
        network: bridge,
        ...this.#options.project,
      },
      api: {
        port: this.port,
        certificate: this.path('tls/server.crt'),
        key: this.path('tls/server.key'),
        trustedCertificates: [this.path('tls/ca.crt')],
      },
      node: { name: 'box' },
      bootCheck: { timeoutSeconds: bootSeconds },
      log: { level: 'debug' },
      ...this.#options.config,
    }
    writeFileSync(this.path('config.yaml'), JSON.stringify(config))
  }

  async #clear(): Promise<void> {
    // LXD goes on with what the agent began.
    for (const operation of await this.lxd.operations.list())
      if (!operation.final) await operation.wait().catch(() => {})
    const projects = (await this.lxd.projects.list()).map(({ name = '' }) => name)
    for (const name of projects.filter((one) => one === this.project || one.startsWith(`${this.project}-`))) {
      const lxd = this.lxd.project(name)
      for (const { name = '' } of await lxd.instances.list()) {
        const stopping = await lxd.instances.setState(name, { action: 'stop', force: true, timeout: -1 })
        await stopping.wait().catch(() => {})
        await (await lxd.instances.delete(name)).wait()
      }
      for (const { fingerprint = '' } of await lxd.images.list()) await (await lxd.images.delete(fingerprint)).wait()
      await lxd.projects.delete(name)
    }
  }
}

/** The id of what an operation made. */
export function made(operation: Operation, kind: string): string {
  const id = operation.resource(kind)
  assert.ok(id, `the operation names no ${kind}`)
  return id
}

export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50)
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
