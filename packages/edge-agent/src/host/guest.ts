// What the agent does inside a guest, from outside: commands through LXD's exec, files through their standard input.
// Paths and variables are Anbox's documented ones.
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { AnboxError, type LxdClient } from '@anbox/sdk'

export const anboxDirectory = '/var/lib/anbox'
export const applicationDirectory = `${anboxDirectory}/app`
export const addonDirectory = (name: string) => `${anboxDirectory}/addons/${name}`
/** While it is there, the guest has not started Android: see docs/explanation/stand-in-for-android.md. */
export const holdFile = `${anboxDirectory}/hold`

/** Characters of a failed command's output that go into an error. */
const quoted = 400

export type RunOptions = { environment?: Record<string, string>; stdin?: Readable /** Seconds. */; timeout: number }

/** Something in the guest went wrong, and trying again will not help: its message is for whoever launched it. */
export class GuestError extends Error {
  override readonly name = 'GuestError'
}

export class Guest {
  readonly #lxd: LxdClient
  readonly #name: string
  readonly #signal: AbortSignal

  constructor(lxd: LxdClient, lxdName: string, signal: AbortSignal) {
    this.#lxd = lxd
    this.#name = lxdName
    this.#signal = signal
  }

  /**
   * Runs a command as root.
   * @throws GuestError when it fails or takes too long: the command is killed then. Else what the LXD client throws.
   */
  async run(what: string, command: string[], { environment = {}, stdin, timeout }: RunOptions): Promise<string> {
    const limit = AbortSignal.timeout(timeout * 1000)
    try {
      const { exitCode, stdout, stderr } = await this.#lxd.instances.run(this.#name, command, {
        environment,
        ...(stdin && { stdin }),
        limit: 1024 * 1024,
        signal: AbortSignal.any([this.#signal, limit]),
      })
      if (exitCode === 0) return stdout
      const said = (stderr.trim() || stdout.trim()).slice(-quoted)
      throw new GuestError(`${what} failed with exit code ${exitCode}${said && `: ${said}`}`)
    } catch (error) {
      this.#signal.throwIfAborted()
      if (limit.aborted) throw new GuestError(`${what} did not end within ${timeout} s`)
      throw error
    }
  }

  /** Runs a shell script; arguments are `$1` and so on, never part of the script. */
  sh(what: string, script: string, args: string[], options: RunOptions): Promise<string> {
    return this.run(what, ['sh', '-eu', '-c', script, 'sh', ...args], options)
  }

  /** Unpacks a plain tarball of the state directory into a new folder. */
  async unpack(what: string, tarball: string, into: string): Promise<void> {
    const script =
      'rm -rf "$1.new"; mkdir -p "$1.new"; tar -xf - -C "$1.new"; chown -R 0:0 "$1.new"; rm -rf "$1"; mv "$1.new" "$1"'
    const stdin = createReadStream(tarball)
    try {
      await this.sh(`unpacking ${what}`, script, [into], { stdin, timeout: 600 })
    } finally {
      stdin.destroy()
    }
  }

  /** Works on a stopped guest too. */
  async putFile(path: string, content: string, mode = 0o644): Promise<void> {
    const { files } = this.#lxd.instances
    const parts = path.split('/').slice(1, -1)
    for (let depth = 1; depth <= parts.length; depth += 1)
      await files.mkdir(this.#name, `/${parts.slice(0, depth).join('/')}`, { mode: 0o755, signal: this.#signal })
    await files.put(this.#name, path, content, { mode, uid: 0, gid: 0, signal: this.#signal })
  }

  async deleteFile(path: string): Promise<void> {
    await this.#lxd.instances.files.delete(this.#name, path, { signal: this.#signal }).catch((error) => {
      if (!(error instanceof AnboxError) || error.status !== 404) throw error
    })
  }
}
