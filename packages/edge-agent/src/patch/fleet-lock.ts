// The fleet's lock: a server that speaks FleetLock (coreos.github.io/zincati/development/fleetlock/protocol) says how many
// machines of a group may be patched at once. A machine whose patch was taken back keeps its place, so a bad patch uses up
// the places and stops by itself; the place is given back when a later patch is proven, or by `anbox-edge patch unlock`.
import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { call } from '../system/http.ts'

/** Milliseconds. */
const patience = 30_000

export type LockAnswer = 'granted' | { refused: string } | { unreachable: string }

export class FleetLock {
  readonly #config: Config['patch']
  readonly #id: string

  constructor(config: Config['patch'], id: string) {
    this.#config = config
    this.#id = id
  }

  /** Asking again for a lock that is held is granted. */
  lock(signal: AbortSignal): Promise<LockAnswer> {
    return this.#post('pre-reboot', signal)
  }

  release(signal: AbortSignal): Promise<LockAnswer> {
    return this.#post('steady-state', signal)
  }

  async #post(action: 'pre-reboot' | 'steady-state', closing: AbortSignal): Promise<LockAnswer> {
    const { lockUrl: url, lockGroup: group, lockCa } = this.#config
    if (!url) return 'granted'
    try {
      const { status, text } = await call({
        ...{ url, method: 'POST', path: `/v1/${action}`, headers: { 'fleet-lock-protocol': 'true' } },
        body: { client_params: { id: this.#id, group } },
        ca: lockCa ? readFileSync(lockCa) : undefined,
        signal: AbortSignal.any([closing, AbortSignal.timeout(patience)]),
      })
      if (status === 200) return 'granted'
      // What is wrong with the server is no answer of it.
      if (status >= 500) return { unreachable: `it answered ${status}` }
      return { refused: reasonOf(text) || `it answered ${status}` }
    } catch (error) {
      closing.throwIfAborted()
      return { unreachable: (error as Error).message }
    }
  }
}

function reasonOf(text: string): string {
  try {
    const { kind = '', value = '' } = JSON.parse(text) as { kind?: string; value?: string }
    return [kind, value]
      .filter((part) => typeof part === 'string' && part)
      .join(': ')
      .slice(0, 200)
  } catch {
    return ''
  }
}
