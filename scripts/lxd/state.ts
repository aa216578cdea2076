// What is written down about a private LXD before anything is done, so that a later process can continue or clean up
// wherever this one was killed.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type LxdState = {
  /** The bridge this LXD may create and we may delete. */
  bridge: string
  /** Whether pool, bridge and profile stand. A daemon that died before that has nothing worth keeping. */
  ready: boolean
}

const file = 'lxd.json'

export function readState(directory: string): LxdState | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, file), 'utf8')) as LxdState
  } catch {
    return undefined
  }
}

export function writeState(directory: string, state: LxdState): void {
  // LXD wants its folder passable for its containers' users, and nothing more.
  mkdirSync(directory, { recursive: true, mode: 0o711 })
  const temporary = join(directory, `${file}.new`)
  writeFileSync(temporary, `${JSON.stringify(state)}\n`, { mode: 0o600 })
  renameSync(temporary, join(directory, file))
}
