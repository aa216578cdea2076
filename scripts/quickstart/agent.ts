// The agent: its configuration, and a process that runs on when the quickstart ends. The next quickstart adopts it.
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AmsClient } from '@anbox/sdk'
import { parse, stringify } from 'yaml'
import { SetupError } from '../errors.ts'
import { killAll, markedProcesses, sendSignal } from '../processes.ts'
import type { Lxd } from './lxd.ts'
import { checkout, mark, type State } from './state.ts'
import type { Trust } from './trust.ts'

export type AgentConfiguration = { lxd: { socket: string; project: string }; api: { port: number; socket: string } }

/** Starts the agent or adopts the one that runs with this configuration, and connects to it over mutual TLS. */
export async function getAgent(
  state: State,
  lxd: Lxd,
  trust: Trust,
  wanted: { port?: number; signal: AbortSignal; log: (line: string) => void },
): Promise<{ client: AmsClient; url: string }> {
  const before = readConfiguration(state)
  const running = isAgentRunning(state)
  const port = wanted.port ?? (running && before ? before.api.port : await freePort(before?.api.port ?? 8444))
  const configuration = stringify(configure(state, lxd, trust, port))
  const same = running && readFileSync(state.path('agent.yaml'), 'utf8') === configuration
  if (running && !same) await stopAgent(state)
  const url = `https://127.0.0.1:${port}`
  const client = new AmsClient({
    url,
    certificate: trust.client.certificate,
    key: trust.client.key,
    ca: trust.client.root,
  })
  if (same && (await answers(client, 15, wanted.signal))) {
    wanted.log(`the agent runs already: ${url}`)
    return { client, url }
  }
  await stopAgent(state)
  writeFileSync(state.path('agent.yaml'), configuration, { mode: 0o600 })
  start(state)
  if (!(await answers(client, 60, wanted.signal, () => isAgentRunning(state)))) {
    await client.close()
    throw new SetupError(
      `the agent did not start. The end of ${state.path('agent.log')}:\n${tail(state.path('agent.log'))}`,
    )
  }
  wanted.log(`the agent serves the AMS API: ${url}`)
  return { client, url }
}

/** Ends the agent; the Android systems run on. */
export async function stopAgent(state: State): Promise<void> {
  for (const { pid } of agents(state)) sendSignal(pid, 'SIGTERM')
  for (let tries = 0; tries < 100 && agents(state).length > 0; tries++) await sleep(100)
  await killAll(() => agents(state))
}

export function readConfiguration(state: State): AgentConfiguration | undefined {
  const file = state.path('agent.yaml')
  return existsSync(file) ? ((parse(readFileSync(file, 'utf8')) as AgentConfiguration | null) ?? undefined) : undefined
}

function configure(state: State, lxd: Lxd, trust: Trust, port: number) {
  const stateDirectory = state.path('agent')
  const socket = join(stateDirectory, 'unix.socket')
  return {
    stateDirectory,
    lxd: { socket: lxd.socketPath, project: lxd.project, storagePool: lxd.storagePool, network: lxd.network },
    api: {
      address: '127.0.0.1',
      port,
      // A unix socket's path may have 107 bytes, and a checkout's alone may have more.
      socket: Buffer.byteLength(socket) <= 107 ? socket : `/run/anbox-edge-${state.id}.socket`,
      certificate: trust.server.certificate,
      key: trust.server.key,
      trustedCertificates: [trust.root],
    },
  }
}

export const isAgentRunning = (state: State) => agents(state).length > 0

function agents(state: State) {
  return markedProcesses(mark, state.folder).filter(({ words }) => words.includes(state.path('agent.yaml')))
}

function start(state: State): void {
  const output = openSync(state.path('agent.log'), 'a', 0o600)
  const program = join(checkout, 'packages/edge-agent/src/cli.ts')
  // What the person has set for another agent must not change this one; but an image may need another boot check.
  const environment = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('ANBOX_EDGE_') || name.startsWith('ANBOX_EDGE_BOOT_CHECK_'),
  )
  // Started by its first line, which has the flags of Node that it wants.
  const child = spawn(program, ['run', '--config', state.path('agent.yaml')], {
    cwd: state.folder,
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...Object.fromEntries(environment), [mark]: state.folder },
  })
  closeSync(output)
  child.unref()
}

/** Waits until the agent answers and has its LXD. */
async function answers(client: AmsClient, seconds: number, signal: AbortSignal, alive = () => true): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000
  for (let first = true; first || (performance.now() < deadline && alive()); first = false) {
    const nodes = await client.nodes.list({ signal }).catch(() => [])
    signal.throwIfAborted()
    if (nodes.some(({ status }) => status === 'online')) return true
    await sleep(200, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
  return false
}

/** The port itself, or the next one that nobody listens on. */
async function freePort(from: number): Promise<number> {
  for (let port = from; port < from + 100; port++) {
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
  throw new SetupError(`no port from ${from} to ${from + 99} is free on 127.0.0.1: name one with --port`)
}

function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-10).join('\n') : '(empty)'
}
