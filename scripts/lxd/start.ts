// A private LXD: a daemon of its own with its own folder, storage pool and bridge, beside whatever LXD the machine may have.
// It runs on when the process that started it ends; the next one adopts it. Its network port stays closed.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { attempt, systemEnvironment } from '../command.ts'
import { SetupError } from '../errors.ts'
import { bridgeExists, bridgeName } from './bridge.ts'
import { stopPrivateLxd } from './clean.ts'
import { bind, isBound, placeOf } from './place.ts'
import { lxdProcesses, mark } from './processes.ts'
import { ensureIdRanges } from './ranges.ts'
import { type PoolDriver, setUp } from './setup.ts'
import { readState, writeState } from './state.ts'

export type PrivateLxdOptions = {
  /** The folder for its files. Created when it is not there. */
  directory: string
  /** The bridge's name; derived from the folder unless said. */
  bridge?: string
  log?: (line: string) => void
  signal?: AbortSignal
}
export type PrivateLxd = {
  /** LXD_DIR for `lxc` and `lxd`: the folder at its short path. */
  directory: string
  socketPath: string
  bridge: string
  /** The storage pool `default`. */
  driver: PoolDriver
  /** Whether it was running already. */
  adopted: boolean
  /** Shuts it down and takes all of it off the machine but its files; `cleanPrivateLxd` deletes those too. */
  stop(): Promise<void>
}

/** Starts the private LXD of a folder, or adopts it when it runs. Throws SetupError with what to do. */
export async function startPrivateLxd(options: PrivateLxdOptions): Promise<PrivateLxd> {
  const { log = () => {}, signal } = options
  signal?.throwIfAborted()
  if (process.getuid?.() !== 0) throw new SetupError('a private LXD needs root: start this with sudo')
  mkdirSync(resolve(options.directory), { recursive: true, mode: 0o711 })
  const place = placeOf(options.directory)
  const { files, directory } = place
  const bridge = options.bridge ?? bridgeName(files)
  if (bridge.length > 15)
    throw new SetupError(`the bridge's name "${bridge}" is longer than the kernel's 15 characters`)

  const known = readState(files)
  if (known && known.bridge !== bridge)
    throw new SetupError(`the private LXD in ${files} has the bridge ${known.bridge}, not ${bridge}: clean it first`)
  if (!known && readdirSync(files).some((name) => name !== 'lxd.json.new'))
    throw new SetupError(`${files} is neither empty nor the folder of a private LXD: name another`)
  const stop = () => stopPrivateLxd(files, bridge)

  const running = lxdProcesses(place).some(({ kind }) => kind === 'daemon')
  const adopted = running && known !== undefined && isBound(place) && (await answers(directory, 60, signal))
  if (!adopted) {
    if (!known?.ready || running || !isBound(place)) await stop()
    if (!known?.ready) empty(files)
    if (!known && bridgeExists(bridge))
      throw new SetupError(`there is a network interface ${bridge}, and it cannot be deleted`)
    writeState(files, { bridge, ready: known?.ready ?? false })
    ensureIdRanges(log)
    await bind(place)
    await startDaemon(directory, signal)
  }
  log(`${adopted ? 'adopted the running' : 'started a'} private LXD: LXD_DIR=${directory}, its files are in ${files}`)
  const socketPath = join(directory, 'unix.socket')
  const driver = await setUp({ directory, socketPath, bridge, log, signal })
  writeState(files, { bridge, ready: true })
  return { directory, socketPath, bridge, driver, adopted, stop }
}

async function startDaemon(directory: string, signal?: AbortSignal): Promise<void> {
  const logFile = join(directory, 'lxd.log')
  const output = openSync(logFile, 'a', 0o600)
  const { PATH, http_proxy, https_proxy, no_proxy } = systemEnvironment()
  const child = spawn('lxd', ['--group', 'root'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH, http_proxy, https_proxy, no_proxy, HOME: '/root', LXD_DIR: directory, [mark]: directory },
  })
  closeSync(output)
  const over = new AbortController()
  child.once('error', (error) => over.abort(new SetupError(`lxd cannot be started: ${error.message}`)))
  child.once('exit', () =>
    over.abort(new SetupError(`lxd ended while it started. The end of its log:\n${tail(logFile)}`)),
  )
  child.unref()
  const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal
  if (!(await answers(directory, 120, either)))
    throw new SetupError(`lxd did not get ready in 2 minutes. The end of its log:\n${tail(logFile)}`)
  child.removeAllListeners()
}

async function answers(directory: string, seconds: number, signal?: AbortSignal): Promise<boolean> {
  const env = { ...systemEnvironment(), LXD_DIR: directory }
  const { code } = await attempt('lxd', ['waitready', '--timeout', String(seconds)], { env, signal })
  return code === 0
}

// An LXD that was killed before its setup was done left nothing worth keeping.
function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 })
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-10).join('\n') : '(empty)'
}
