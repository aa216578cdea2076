// Questions to the person at the terminal, and how this program becomes root after one.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline/promises'
import { SetupError } from './errors.ts'

/** Asks a question that yes or no answers. Throws SetupError where there is nobody to ask. */
export type Ask = (question: string, options: { command: string; signal?: AbortSignal }) => Promise<boolean>

/** @param yes what `--yes` gives: every answer is yes */
export function asker(yes: boolean): Ask {
  return async (question, { command, signal }) => {
    if (yes) return true
    if (!process.stdin.isTTY) throw new SetupError(`there is no terminal to ask on: run \`${command}\`, or add --yes`)
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    try {
      const answer = await terminal.question(`${question} [Y/n] `, { signal })
      return /^\s*(y(es)?)?\s*$/i.test(answer)
    } finally {
      terminal.close()
    }
  }
}

/** Gives where this is root already; otherwise runs this same program with sudo, after asking, and ends with its exit code. */
export async function becomeRoot(ask: Ask, options: { why: string; command: string; yes: boolean }): Promise<void> {
  if (process.getuid?.() === 0) return
  if (!(await ask(`${options.why} Go on with sudo?`, options)))
    throw new SetupError(`not without root: run \`${options.command}\` yourself`)
  const sudo = ['-E', ...(options.yes ? ['-n'] : []), 'env', `PATH=${process.env.PATH}`]
  const child = spawn('sudo', [...sudo, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
  })
  // sudo passes signals on to the program, which ends by itself; we end after it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', () => reject(new SetupError(`sudo cannot be started: run \`${options.command}\` as root`)))
    child.once('exit', (code) => resolve(code ?? 1))
  })
  process.exit(code)
}
