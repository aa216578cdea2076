// Debian's own adb against each Android system, with a server of its own: the person's adb is left alone.
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { run, systemEnvironment } from '../command.ts'
import { SetupError } from '../errors.ts'
import { killAll, markedProcesses } from '../processes.ts'
import { mark, type State } from './state.ts'

/** Connects to each address and reads the Android version from it. Throws SetupError with adb's words. */
export async function tryAdb(state: State, addresses: string[], signal: AbortSignal): Promise<string[]> {
  const home = state.path('adb')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const env = { ...systemEnvironment(), HOME: home, ANDROID_USER_HOME: home, TMPDIR: home, [mark]: state.folder }
  const port = String(await anyPort())
  const adb = (...args: string[]) => run('adb', ['-P', port, ...args], { env, signal, timeout: 30_000 })
  try {
    await adb('start-server')
    return await Promise.all(
      addresses.map(async (address) => {
        const said = await adb('connect', address)
        if (!said.includes('connected to')) throw new SetupError(`adb cannot connect to ${address}: ${said.trim()}`)
        return (await adb('-s', address, 'shell', 'getprop', 'ro.build.version.release')).trim()
      }),
    )
  } finally {
    await stopAdb(state)
  }
}

/** Ends adb's server, also one that a killed run left. */
export async function stopAdb(state: State): Promise<void> {
  await killAll(() => markedProcesses(mark, state.folder).filter(({ words }) => /(^|\/)adb$/.test(words[0] ?? '')))
}

function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
