// One writer at a time, among all processes that work on a directory. The lock is the kernel's, taken through SQLite (Node
// has no call for it), so it is gone with its holder, however that ends. Nothing is ever written to the file.
import { AsyncLocalStorage } from 'node:async_hooks'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AuthorityBusyError } from '../errors.ts'

const patienceMs = 30_000
const busy = 5
const queues = new Map<string, Promise<unknown>>()
const holding = new AsyncLocalStorage<string>()

/**
 * Does the work while no other work is done under the same directory's lock, in this process or another.
 * @throws {AuthorityBusyError} when another process keeps the lock for 30 seconds
 */
export async function exclusively<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const path = join(await realpath(directory), 'lock')
  // It would wait for itself.
  if (holding.getStore() === path) throw new Error(`${path} is held already`)
  const turn = (queues.get(path) ?? Promise.resolve()).then(() => locked(path, () => holding.run(path, work)))
  const settled = turn.catch(() => {})
  queues.set(path, settled)
  try {
    return await turn
  } finally {
    if (queues.get(path) === settled) queues.delete(path)
  }
}

async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    // Without it SQLite makes a journal beside the file.
    database.exec('PRAGMA journal_mode = MEMORY')
    for (const end = performance.now() + patienceMs; ; await pause(1 + Math.random() * 9)) {
      try {
        database.exec('BEGIN IMMEDIATE')
        break
      } catch (error) {
        if (!(error instanceof Error && 'errcode' in error && error.errcode === busy)) throw error
        if (performance.now() > end) throw new AuthorityBusyError(path)
      }
    }
    return await work()
  } finally {
    database.close()
  }
}
