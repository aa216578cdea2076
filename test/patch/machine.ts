// A machine with systemd and a real apt, for patches: an LXD instance whose only archive is one of the test's own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { LxdClient } from '@anbox/sdk'
import { until } from '../live/edge.ts'
import { type Cut, type Options, script, type Told } from './engine-process.ts'

export class PatchMachine implements AsyncDisposable {
  readonly name = `patch-${randomBytes(4).toString('hex')}`
  readonly socket = join(String(process.env.ANBOX_TEST_LXD), 'unix.socket')
  readonly lxd = new LxdClient({ socketPath: this.socket })
  /** The engine's store. */
  readonly directory = mkdtempSync(join(tmpdir(), 'patch-machine-'))
  /** More of what the engine is told. */
  options: Partial<Options> = {}
  log = ''

  /** @param image file of an LXD image, or the fingerprint of one that LXD has. */
  async start(image: string, devices: Record<string, Record<string, string>> = {}): Promise<void> {
    const fingerprint = image.includes('/')
      ? String((await (await this.lxd.images.import(image)).wait()).metadata.fingerprint)
      : image
    await (
      await this.lxd.instances.create({
        name: this.name,
        source: { type: 'image', fingerprint },
        profiles: [],
        config: { 'security.nesting': 'true' },
        devices: { root: { type: 'disk', path: '/', pool: 'default' }, ...devices },
      })
    ).wait()
    if (image.includes('/')) await (await this.lxd.images.delete(fingerprint)).wait()
    await this.power('start')
  }

  /** As a power switch does. */
  async power(action: 'start' | 'stop'): Promise<void> {
    await (await this.lxd.instances.setState(this.name, { action, force: true, timeout: -1 })).wait()
    if (action === 'start') await this.up()
  }

  async up(): Promise<void> {
    await until(async () =>
      /running|degraded/.test(await this.sh('systemctl is-system-running || true').catch(() => '')),
    )
  }

  /** As root. @throws with what it said when it fails. */
  async sh(command: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.lxd.instances.run(this.name, ['sh', '-c', command])
    assert.equal(exitCode, 0, `${command}: ${stdout}${stderr}`)
    return stdout.trim()
  }

  /** Writes every file of a folder. */
  async put(folder: string, into: string): Promise<void> {
    await this.sh(`rm -rf ${into} && mkdir -p ${into}`)
    for (const name of readdirSync(folder))
      await this.lxd.instances.files.put(this.name, `${into}/${name}`, readFileSync(join(folder, name)))
  }

  /** Lets the engine work until nothing is to be done now. @returns what it told, or undefined where it was cut. */
  async patch(kind: Options['kind'], given: Partial<Options> = {}, cutAt?: Cut): Promise<Told | undefined> {
    const options: Options = {
      ...{ directory: this.directory, kind, lxd: this.socket, instance: this.name },
      ...this.options,
      ...given,
      ...(cutAt && { cutAt }),
    }
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<NodeJS.Signals | number | null>((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? code)),
    )
    const [how, told, said] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
    this.log = `${told.slice(0, -1)}${said}`
    if (how === 'SIGKILL') return undefined
    assert.equal(how, 0, this.log)
    return JSON.parse(told.trim().split('\n').at(-1) ?? '') as Told
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.lxd.instances.setState(this.name, { action: 'stop', force: true, timeout: -1 }))
      .wait()
      .catch(() => {})
    await (await this.lxd.instances.delete(this.name)).wait().catch(() => {})
    await this.lxd.close()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
