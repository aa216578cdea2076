// The bench's side of a driver process.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemEnvironment } from '../../../scripts/command.ts'
import type { Answer, Orders, Target } from '../drivers/orders.ts'

export type DriverKind = 'sdk' | 'sdk-ams' | 'undici' | 'pylxd'
/** Debian's own Python, which has Debian's pylxd, whatever else is in the PATH. */
export const python = '/usr/bin/python3'

export class Driver {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #kind: DriverKind

  private constructor(kind: DriverKind, folder: string, env: Record<string, string>) {
    const [program, file] = kind === 'pylxd' ? [python, 'pylxd_driver.py'] : [process.execPath, `${kind}.js`]
    this.#kind = kind
    this.#child = spawn(program, [join(folder, 'drivers', file)], {
      cwd: folder,
      env: { ...systemEnvironment(), ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdin?.on('error', () => {}) // It ended; the answer that does not come says so.
    if (!this.#child.stdout) throw new Error('a child without output')
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** @param folder where `publish` wrote the drivers */
  static async start(kind: DriverKind, target: Target, folder: string, env: Record<string, string>): Promise<Driver> {
    const driver = new Driver(kind, folder, env)
    await driver.#ask(target)
    return driver
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Does something a number of times and gives the milliseconds of each. Throws Error with the driver's words. */
  order<Name extends keyof Orders>(name: Name, order: Orders[Name], times = 1): Promise<number[]> {
    return this.#ask({ do: name, with: order, times })
  }

  async #ask(line: object): Promise<number[]> {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`the driver ${this.#kind} ended`)
    const answer = JSON.parse(value) as Answer
    if ('error' in answer) throw new Error(`${this.#kind}: ${answer.error}`)
    return answer.milliseconds
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
