// The processes of this machine, and which of them are ours: those that carry a mark we put into the environment of the
// first of them, and which all they start inherit.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export type Process = {
  pid: number
  /** The command and its arguments. */
  words: string[]
  carries(name: string, value: string): boolean
}

/** All but process 1, kernel threads and zombies. */
export function runningProcesses(): Process[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1)
    .map((pid) => ({
      pid,
      words: read(pid, 'cmdline').split('\0'),
      carries: (name: string, value: string) => read(pid, 'environ').split('\0').includes(`${name}=${value}`),
    }))
    .filter(({ words }) => words[0] !== '')
}

/** Those that carry the mark, except this one. */
export function markedProcesses(name: string, value: string): Process[] {
  return runningProcesses().filter((one) => one.pid !== process.pid && one.carries(name, value))
}

/** Ends the processes with SIGKILL, and again what is found then, because a dying one may have started another. */
export async function killAll<Found extends { pid: number }>(find: () => Found[]): Promise<Found[]> {
  const killed = new Map<number, Found>()
  for (let tries = 0; tries < 100; tries++) {
    const found = find()
    if (found.length === 0) break
    for (const one of found) {
      killed.set(one.pid, one)
      sendSignal(one.pid, 'SIGKILL')
    }
    await sleep(100)
  }
  return [...killed.values()]
}

/** @returns whether there was such a process */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

// A process that ends while we look has nothing to tell.
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
