// Commands that change the machine itself. The agent's unit may not: there, systemd runs them outside of its sandbox, as units
// of their own that also outlive the agent.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'

export type Ran = { exitCode: number; stdout: string; stderr: string }
/** Runs a command of the machine to its end. */
export type Run = (command: readonly string[], signal: AbortSignal) => Promise<Ran>

const outside = ['systemd-run', '--wait', '--pipe', '--quiet', '--collect', '--setenv=DEBIAN_FRONTEND=noninteractive']

/** Set by systemd for what it runs. */
const underSystemd = () => process.env.INVOCATION_ID !== undefined && existsSync('/run/systemd/system')

export const runOnMachine: Run = (command, signal) =>
  runHere(underSystemd() ? [...outside, '--', ...command] : command, signal)

/** For what only looks. */
export const runHere: Run = async ([file = '', ...args], signal) => {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? -1))
  })
  const [exitCode, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  return { exitCode, stdout, stderr }
}
