// snapd's REST API over its own socket, as far as patching needs it (snapcraft.io/docs/snapd-api).
import { call } from './http.ts'

export type Snap = {
  name: string
  /** A number; `x1` and so on for one that was sideloaded. */
  revision: string
  version: string
  'tracking-channel'?: string
}
export type SnapChange = {
  id: string
  kind: string
  summary: string
  status: string
  ready: boolean
  err?: string
  /** null where there was nothing to do. */
  tasks?: { kind: string; status: string; summary: string }[] | null
  data?: { 'snap-names'?: string[] }
}
export type SnapService = { snap: string; name: string; daemon?: string; enabled?: boolean; active?: boolean }

/** Milliseconds. The store may be slow. */
const patience = 120_000

export class SnapdError extends Error {
  override readonly name = 'SnapdError'
  readonly status: number
  /** snapd's own word for what is wrong, such as `snap-not-found`. */
  readonly kind: string

  constructor(message: string, status: number, kind: string) {
    super(message)
    this.status = status
    this.kind = kind
  }
}

export class Snapd {
  readonly #socketPath: string

  constructor(socketPath = '/run/snapd.socket') {
    this.#socketPath = socketPath
  }

  get socketPath(): string {
    return this.#socketPath
  }

  snaps(signal: AbortSignal): Promise<Snap[]> {
    return this.#get('/v2/snaps', signal)
  }

  /** undefined where it is not installed. */
  async snap(name: string, signal: AbortSignal): Promise<Snap | undefined> {
    return (await this.snaps(signal)).find((one) => one.name === name)
  }

  /** What the store has for the installed snaps. It names what was reverted from too. */
  refreshable(signal: AbortSignal): Promise<Snap[]> {
    return this.#get('/v2/find?select=refresh', signal)
  }

  services(name: string, signal: AbortSignal): Promise<SnapService[]> {
    return this.#get(`/v2/apps?select=service&names=${encodeURIComponent(name)}`, signal)
  }

  changes(signal: AbortSignal): Promise<SnapChange[]> {
    return this.#get('/v2/changes?select=all', signal)
  }

  change(id: string, signal: AbortSignal): Promise<SnapChange> {
    return this.#get(`/v2/changes/${encodeURIComponent(id)}`, signal)
  }

  /** @returns the id of the change. */
  act(
    name: string,
    action:
      | { action: 'refresh' | 'revert'; revision: string }
      /** From then on that channel is followed; nothing is refreshed. */
      | { action: 'switch'; channel: string },
    signal: AbortSignal,
  ) {
    return this.#begin('POST', `/v2/snaps/${encodeURIComponent(name)}`, action, signal)
  }

  /** Keeps snapd from refreshing by itself until then. @returns the id of the change. */
  hold(until: Date, signal: AbortSignal) {
    return this.#begin('PUT', '/v2/snaps/system/conf', { refresh: { hold: until.toISOString() } }, signal)
  }

  async #get<T>(path: string, signal: AbortSignal): Promise<T> {
    return (await this.#call('GET', path, undefined, signal)).result as T
  }

  async #begin(method: 'POST' | 'PUT', path: string, body: unknown, signal: AbortSignal): Promise<string> {
    const { change = '' } = await this.#call(method, path, body, signal)
    return change
  }

  async #call(method: 'GET' | 'POST' | 'PUT', path: string, body: unknown, signal: AbortSignal) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(patience)])
    const { status, text } = await call({ socketPath: this.#socketPath, method, path, body, signal: limit })
    const answer = JSON.parse(text) as { type: string; change?: string; result: unknown }
    if (answer.type !== 'error') return answer
    const { message = text, kind = '' } = answer.result as { message?: string; kind?: string }
    throw new SnapdError(`snapd: ${message}`, status, kind)
  }
}
