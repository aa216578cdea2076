// Waiting until an instance is as it is wanted. Events only say when to look: what counts is what LXD answers when it is
// asked, so their order does not matter, and what is missed is found by asking every few seconds.
import { setTimeout as sleep } from 'node:timers/promises'
import { Deadline } from '../connection/deadline.ts'
import { jitter } from '../connection/retry.ts'
import { UnavailableError } from '../errors.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { EventStream } from '../operations/event-stream.ts'
import type { Instance, InstanceState } from './types.ts'

export type InstanceWithState = { instance: Instance; state: InstanceState }
/** All that is named has to be so. */
export type Wanted =
  | {
      /** Such as `Running`, `Stopped`, `Frozen`. */
      status?: string
      /** An address that others reach: on any interface, or on the one that is named. */
      address?: true | string
      /** A process in it: of a virtual machine LXD's agent answers, of a container something runs. */
      agent?: true
    }
  | ((now: InstanceWithState) => boolean)

/** Milliseconds between two looks where no event says that something changed. */
const lookEvery = 2_000
/** A guest gets its address without any event. */
const lookForAddressEvery = 250

type Reader = {
  get(name: string, options: CallOptions): Promise<Instance>
  state(name: string, options: CallOptions): Promise<InstanceState>
}

export async function waitFor(
  instances: Reader,
  api: Api,
  name: string,
  wanted: Wanted,
  options: CallOptions = {},
): Promise<InstanceWithState> {
  using limit = new Deadline(options, `waiting for instance ${name} at ${api.connection.server}`)
  const ending = new AbortController()
  const signal = limit.signal ? AbortSignal.any([limit.signal, ending.signal]) : ending.signal
  const changes = new Changes(api, name, signal)
  const pause = typeof wanted === 'object' && (wanted.address || wanted.agent) ? lookForAddressEvery : lookEvery
  try {
    for (let attempt = 0; ; ) {
      try {
        const [instance, state] = await Promise.all([
          instances.get(name, { signal }),
          instances.state(name, { signal }),
        ])
        const now = { instance, state }
        if (isAs(now, wanted)) return now
        attempt = 0
        await changes.next(pause)
      } catch (error) {
        limit.signal?.throwIfAborted()
        const again = error instanceof UnavailableError && error.code === 'unavailable' && api.connection.retries > 0
        if (!again) throw error
        await sleep(jitter(attempt++, 200, 2_000), undefined, { signal }).catch(() => limit.signal?.throwIfAborted())
      }
    }
  } finally {
    ending.abort()
  }
}

function isAs(now: InstanceWithState, wanted: Wanted): boolean {
  if (typeof wanted === 'function') return wanted(now)
  const { status, address, agent } = wanted
  if (status !== undefined && now.state.status !== status) return false
  if (address && !hasAddress(now.state, address)) return false
  // LXD says -1 where it cannot know, as of a virtual machine without its agent.
  return !agent || (now.state.processes ?? -1) > 0
}

function hasAddress({ network }: InstanceState, wanted: true | string): boolean {
  return Object.entries(network ?? {}).some(
    ([name, { addresses }]) =>
      (wanted === true || wanted === name) && (addresses ?? []).some(({ scope }) => scope === 'global'),
  )
}

/** The lifecycle events of one instance. Where there are none to be had, time passes. */
class Changes {
  readonly #signal: AbortSignal
  #seen = false
  #wake: () => void = () => {}

  constructor(api: Api, name: string, signal: AbortSignal) {
    this.#signal = signal
    this.#follow(api, name).catch(() => {})
  }

  async #follow({ connection, query }: Api, name: string): Promise<void> {
    const options = { types: ['lifecycle'], signal: this.#signal, reconnect: true }
    for await (const { type, metadata } of new EventStream(connection, { project: query.project }, options)) {
      const source = decodeURIComponent(String(metadata?.source).split('?')[0] ?? '')
      if (type !== 'gap' && source.split('/')[3] !== name) continue
      this.#seen = true
      this.#wake()
    }
  }

  /** After the next event, or so many milliseconds. Throws the signal's reason. */
  async next(pause: number): Promise<void> {
    if (!this.#seen) {
      const woken = new AbortController()
      this.#wake = () => woken.abort()
      const signal = AbortSignal.any([this.#signal, woken.signal])
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
    this.#seen = false
    this.#signal.throwIfAborted()
  }
}
