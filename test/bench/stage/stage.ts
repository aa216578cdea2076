// What the rows are measured on: a private LXD, and on it, once a row asks for them, a running guest, a TLS port and an
// agent. Everything lies in one temporary folder and carries one mark, so `clear` finds all of it.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemEnvironment } from '../../../scripts/command.ts'
import { cleanPrivateLxd, type PrivateLxd, startPrivateLxd } from '../../../scripts/lxd/index.ts'
import { killAll, markedProcesses, sendSignal } from '../../../scripts/processes.ts'
import { buildGuest } from '../../guest/build.ts'
import type { Target } from '../drivers/orders.ts'
import { Agent, type AgentOptions } from './agent.ts'
import { Driver, type DriverKind } from './driver.ts'
import { Lxc } from './lxc.ts'
import { publish } from './published.ts'
import { openRemote } from './remote.ts'

/** In the environment of every process of ours: the folder it belongs to. */
const mark = 'ANBOX_BENCH'
const name = /^anbox-bench-(\d+)-/
/** The guest's image by its alias, and a running guest. */
export const alias = 'standin'
export const guest = 'bench'

type Log = (line: string) => void

export class Stage {
  readonly folder: string
  readonly lxd: PrivateLxd
  readonly lxc: Lxc
  /** The guest's image as a file. */
  readonly image: string
  readonly signal: AbortSignal
  readonly unix: Target
  readonly #log: Log
  #guest: Promise<void> | undefined
  #remote: Promise<Target> | undefined
  #agent: Promise<Agent> | undefined

  private constructor(folder: string, lxd: PrivateLxd, image: string, log: Log, signal: AbortSignal) {
    this.folder = folder
    this.lxd = lxd
    this.image = image
    this.signal = signal
    this.unix = { server: 'lxd', socketPath: lxd.socketPath }
    this.#log = log
    const env = { ...systemEnvironment(), LXD_DIR: lxd.directory, LXD_CONF: this.#lxcFolder, [mark]: folder }
    this.lxc = new Lxc(env, signal)
  }

  static async set(root: string, log: Log, signal: AbortSignal): Promise<Stage> {
    await clearOld(log)
    const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
    const { path: image } = await buildGuest({ arch, out: join(root, '.test', `standin-${arch}.tar.gz`), log })
    const folder = mkdtempSync(join(tmpdir(), `anbox-bench-${process.pid}-`))
    try {
      publish(folder)
      const lxd = await startPrivateLxd({ directory: join(folder, 'lxd'), log, signal })
      return new Stage(folder, lxd, image, log, signal)
    } catch (error) {
      await clear(folder)
      throw error
    }
  }

  get #lxcFolder(): string {
    return join(this.folder, 'lxc')
  }

  /** The running guest's name. */
  async guest(): Promise<string> {
    this.#guest ??= this.#startGuest()
    await this.#guest
    return guest
  }

  /** LXD over TLS. `lxc` has it as a remote. */
  remote(): Promise<Target> {
    this.#remote ??= openRemote(join(this.folder, 'remote'), this.lxd.directory, this.lxc, this.#lxcFolder)
    return this.#remote
  }

  agent(): Promise<Agent> {
    this.#agent ??= this.#startAgent()
    return this.#agent
  }

  /** An agent for one row; it goes with the stage, or before. */
  ownAgent(name: string, options: Partial<Pick<AgentOptions, 'image' | 'warm'>>): Promise<Agent> {
    return this.#startAgent(name, { project: name, hosted: 0, ...options })
  }

  driver(kind: DriverKind, target: Target): Promise<Driver> {
    return Driver.start(kind, target, this.folder, { [mark]: this.folder })
  }

  async #startGuest(): Promise<void> {
    this.#log('starting a guest')
    await this.lxc.run('image', 'import', '--quiet', this.image, '--alias', alias)
    await this.lxc.run('launch', '--quiet', alias, guest)
  }

  async #startAgent(name = 'agent', options: Partial<AgentOptions> = {}): Promise<Agent> {
    this.#log('starting an agent')
    const folder = join(this.folder, name)
    mkdirSync(folder, { mode: 0o700 })
    const { lxd, image, signal } = this
    return Agent.start({ folder, lxd, image, signal, env: { [mark]: this.folder }, ...options })
  }

  /** Ends and deletes all of it, whatever state it is in. */
  async clear(): Promise<void> {
    const agent = await this.#agent?.catch(() => undefined)
    await agent?.end()
    await clear(this.folder)
  }
}

async function clear(folder: string): Promise<void> {
  await killAll(() => markedProcesses(mark, folder))
  await cleanPrivateLxd(join(folder, 'lxd'))
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Cleans up after runs that were killed. */
async function clearOld(log: Log): Promise<void> {
  for (const entry of readdirSync(tmpdir())) {
    const pid = Number(entry.match(name)?.[1])
    const folder = join(tmpdir(), entry)
    if (!pid || sendSignal(pid, 0) || statSync(folder).uid !== process.getuid?.()) continue
    log(`cleaning up after the run ${pid}, which was killed`)
    await clear(folder)
  }
}
