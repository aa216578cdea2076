// A real server as a child of the test, started with what `render` wrote, and ended by its process.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Rendered } from '@anbox/pki'
import { systemEnvironment } from '../../../scripts/command.ts'

export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #log: string

  private constructor(child: ChildProcess, log: string) {
    this.#child = child
    this.#log = log
  }

  /** Waits until `ready` does not fail any more. @throws with the end of the log when the server ends before */
  static async start(
    { command, args, env }: Rendered['start'],
    options: { log: string; ready: () => Promise<unknown>; more?: string[] },
  ): Promise<Daemon> {
    const log = openSync(options.log, 'a', 0o600)
    const child = spawn(command, [...args, ...(options.more ?? [])], {
      stdio: ['ignore', log, log],
      env: { ...systemEnvironment(), ...env },
    })
    closeSync(log)
    const failed = new Promise<never>((_, reject) => child.once('error', reject))
    failed.catch(() => {})
    const daemon = new Daemon(child, options.log)
    const end = Date.now() + 20_000
    for (;;) {
      const error = await Promise.race([failed, options.ready()]).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (error === undefined) return daemon
      if (!daemon.running || Date.now() > end) {
        await daemon.stop()
        throw new Error(`${command} did not get ready:\n${daemon.log.slice(-2000)}`, { cause: error })
      }
      await sleep(50)
    }
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  get log(): string {
    return readFileSync(this.#log, 'utf8')
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(): Promise<void> {
    if (!this.running) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await gone
    clearTimeout(timer)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
