// Runs other programs. Their output is kept whole, so this is for small outputs only.
import { spawn } from 'node:child_process'
import { SetupError } from './errors.ts'

export type CommandOptions = {
  input?: string
  cwd?: string
  env?: NodeJS.ProcessEnv
  signal?: AbortSignal
  /** Milliseconds until the program gets SIGKILL; no limit unless said. */
  timeout?: number
  /** Whether a Ctrl-C at the terminal and the signal's abort let it go on to its end. */
  uninterrupted?: boolean
  /** Called with each line of output as it comes. */
  onLine?: (line: string) => void
}
export type CommandResult = { code: number; stdout: string; stderr: string }

// A person's PATH often lacks these, and the programs we and LXD need are in them.
const path = [process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(':')

/** The environment with the system administrator's folders in PATH. */
export function systemEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: path, LC_ALL: 'C.UTF-8' }
}

/** Runs a program to its end, whatever that is. A program that is not there ends with 127, one that was killed with 137. */
export async function attempt(program: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  options.signal?.throwIfAborted()
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? systemEnvironment(),
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: options.timeout,
    killSignal: 'SIGKILL',
    detached: options.uninterrupted ?? false,
  })
  const kill = () => options.uninterrupted || child.kill('SIGTERM')
  options.signal?.addEventListener('abort', kill, { once: true })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    let rest = ''
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) options.onLine?.(line)
    })
  }
  child.stdin?.on('error', () => child.stdin?.destroy())
  child.stdin?.end(options.input)
  const code = await new Promise<number>((resolve) => {
    child.on('error', () => resolve(127))
    child.on('close', (code) => resolve(code ?? 137))
  })
  options.signal?.removeEventListener('abort', kill)
  options.signal?.throwIfAborted()
  return { code, ...text }
}

/** Runs a program that has to succeed and gives its standard output. Throws SetupError with what the program said. */
export async function run(program: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(program, args, options)
  if (code === 0) return stdout
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-12).join('\n')
  throw new SetupError(`\`${[program, ...args].join(' ')}\` ended with ${code}${said ? `: ${said}` : ''}`)
}
