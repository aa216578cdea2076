// Incus from Debian, unpacked into a folder and not installed, so that it does not touch the machine's LXD. Debian 12 has it
// among its backports.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { LxdClient } from '@anbox/sdk'
import { attempt, run } from '../../scripts/command.ts'

const packages = ['incus-base', 'incus-client', 'libcowsql0', 'libraft0', 'squashfs-tools-ng', 'libsquashfs1']

export class Incus implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'incus-'))
  readonly #directory = join(this.#folder, 'dir')
  readonly socketPath = join(this.#directory, 'unix.socket')
  #env: NodeJS.ProcessEnv = {}
  version = ''

  /** With a storage pool `default`. */
  static async start(): Promise<Incus> {
    const incus = new Incus()
    try {
      await incus.#unpack()
      await incus.#start()
    } catch (error) {
      await incus[Symbol.asyncDispose]()
      throw error
    }
    return incus
  }

  async #unpack(): Promise<void> {
    const at = (name: string) => join(this.#folder, name)
    for (const name of ['lists/partial', 'cache/archives/partial', 'deb', 'root'])
      mkdirSync(at(name), { recursive: true })
    const targets = await run('apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE)', 'Created-By: Packages'])
    const [, site = ''] = /^(\S+) bookworm$/m.exec(targets) ?? []
    if (!site) throw new Error('Incus is tried on Debian 12 only')
    const line = (suite: string) =>
      `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${site} ${suite} main\n`
    writeFileSync(at('sources'), line('bookworm') + line('bookworm-backports'))
    const apt = (...args: string[]) => {
      const options = {
        'Dir::Etc::sourcelist': at('sources'),
        'Dir::Etc::sourceparts': '-',
        'Dir::State::lists': at('lists'),
        'Dir::Cache': at('cache'),
        'APT::Sandbox::User': 'root',
      }
      const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
      return run('apt-get', [...settings, '--quiet', ...args], { cwd: at('deb') })
    }
    await apt('update')
    await apt('download', ...packages)
    for (const deb of globSync('*.deb', { cwd: at('deb') }))
      await run('dpkg', ['-x', deb, at('root')], { cwd: at('deb') })
    this.version = /incus-base_([\d.]+)/.exec(globSync('incus-base_*', { cwd: at('deb') }).join())?.[1] ?? ''
    const [libraries = ''] = globSync('usr/lib/*-linux-gnu', { cwd: at('root') })
    this.#env = {
      ...process.env,
      INCUS_DIR: this.#directory,
      LD_LIBRARY_PATH: at(`root/${libraries}`),
      PATH: [at('root/usr/bin'), at('root/usr/libexec/incus'), process.env.PATH, '/usr/sbin', '/sbin'].join(':'),
    }
  }

  async #start(): Promise<void> {
    // Containers' users walk through it.
    chmodSync(this.#folder, 0o711)
    mkdirSync(this.#directory, { mode: 0o711 })
    const daemon = spawn('incusd', ['--group', 'root'], { env: this.#env, stdio: 'ignore' })
    daemon.unref()
    await Promise.race([once(daemon, 'spawn'), once(daemon, 'error').then(([error]) => Promise.reject(error))])
    await using client = new LxdClient({ socketPath: this.socketPath, retries: 0 })
    for (let tries = 0; ; tries++) {
      if (
        await client.server.get().then(
          () => true,
          () => false,
        )
      )
        break
      if (tries > 300) throw new Error('incusd does not answer')
      await sleep(100)
    }
    await client.storagePools.create({ name: 'default', driver: 'dir', config: {} })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Without our folder it would be the machine's own Incus that is shut down.
    if (this.#env.INCUS_DIR)
      await attempt('incus', ['admin', 'shutdown', '--force', '--timeout', '20'], { env: this.#env })
    for (const name of ['shmounts', 'guestapi']) await attempt('umount', [join(this.#directory, name)])
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
