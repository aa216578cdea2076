// `lxc`, a process for each command, because that is how it is used.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../../scripts/command.ts'
import { pace } from '../drivers/orders.ts'
import { peakOf } from './memory.ts'

export class Lxc {
  readonly #env: NodeJS.ProcessEnv
  readonly #signal: AbortSignal

  constructor(env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.#env = env
    this.#signal = signal
  }

  /** Throws SetupError with what `lxc` said. */
  run(...args: string[]): Promise<string> {
    return run('lxc', args, { env: this.#env, signal: this.#signal })
  }

  /**
   * As `run`, and killed after so many seconds: LXD 5.0.2 loses an exec now and then where many begin at once, and `lxc`
   * passes a signal on to the command rather than end by it.
   */
  runWithin(seconds: number, ...args: string[]): Promise<string> {
    return run('timeout', ['-s', 'KILL', String(seconds), 'lxc', ...args], { env: this.#env, signal: this.#signal })
  }

  /** Milliseconds from the start of the process to its end. */
  async time(...args: string[]): Promise<number> {
    return (await this.#watch(args, 'discard')).milliseconds
  }

  /** What a slow reader of its output costs: the peak of the process's memory in MB. */
  async slowPeak(...args: string[]): Promise<number> {
    return (await this.#watch(args, 'slow')).peak
  }

  /** `lxc monitor`; each piece of its output is announced by `next`. */
  monitor(): AsyncDisposable & { next: () => Promise<unknown> } {
    const child = spawn('lxc', ['monitor', '--type', 'lifecycle', '--format', 'json'], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'exit')
    const broken = ended.then(() => Promise.reject(new Error('lxc monitor ended')))
    broken.catch(() => {})
    return {
      next: () => Promise.race([once(child.stdout, 'data', { signal: this.#signal }), broken]),
      [Symbol.asyncDispose]: async () => {
        child.kill()
        await ended
      },
    }
  }

  async #watch(args: string[], reader: 'discard' | 'slow'): Promise<{ milliseconds: number; peak: number }> {
    this.#signal.throwIfAborted()
    const start = performance.now()
    const child = spawn('lxc', args, {
      env: this.#env,
      stdio: ['ignore', reader === 'slow' ? 'pipe' : 'ignore', 'pipe'],
    })
    const ended = once(child, 'exit')
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    const peak = reader === 'slow' ? peakOf(child.pid ?? 0) : undefined
    if (child.stdout) await readSlowly(child.stdout)
    const [code] = await ended
    const milliseconds = performance.now() - start
    this.#signal.throwIfAborted()
    if (code !== 0) throw new Error(`lxc ${args.join(' ')} ended with ${code}: ${said}`)
    return { milliseconds, peak: peak?.() ?? 0 }
  }
}

async function readSlowly(stream: AsyncIterable<Uint8Array>): Promise<void> {
  let sinceRest = 0
  for await (const { byteLength } of stream) {
    sinceRest += byteLength
    if (sinceRest < pace.bytes) continue
    sinceRest = 0
    await sleep(pace.milliseconds)
  }
}
