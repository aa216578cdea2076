// What LXD says of the machine, taken at intervals, and whether LXD answers at all. The last known facts stay readable
// while LXD is away; `online` says that it is.
import { EventEmitter } from 'node:events'
import { type LxdClient, NotFoundError } from '@anbox/sdk'
import type { Logger } from '../system/log.ts'
import type { Machine } from './capacity.ts'

export type Gpu = {
  id: number
  type: 'nvidia' | 'amd' | 'intel' | 'none'
  pciAddress: string
  renderName: string
  numaNode: number
  slots: number
  encoderSlots: number
}
export type MachineFacts = Machine & { architecture: string; gpus: Gpu[]; lxdVersion: string }

/** Milliseconds between two looks: while LXD answers, and while it does not. */
const calm = 5_000
const worried = 500

/** Slots that AMS gives a GPU by vendor, when nobody set others. */
const slotsOf: Record<Gpu['type'], { slots: number; encoderSlots: number }> = {
  nvidia: { slots: 32, encoderSlots: 32 },
  amd: { slots: 10, encoderSlots: 5 },
  intel: { slots: 10, encoderSlots: 10 },
  none: { slots: 0, encoderSlots: 0 },
}
const vendors: Record<string, Gpu['type']> = { '10de': 'nvidia', '1002': 'amd', '8086': 'intel' }

export class MachineWatch {
  readonly #lxd: LxdClient
  readonly #pool: string
  readonly #log: Logger
  readonly #changed = new EventEmitter().setMaxListeners(0)
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #facts: MachineFacts | undefined
  #reason = 'LXD has not answered yet'

  constructor(lxd: LxdClient, pool: string, log: Logger) {
    this.#lxd = lxd
    this.#pool = pool
    this.#log = log
  }

  online = false

  /** Why LXD is not online, in words. */
  get reason(): string {
    return this.#reason
  }

  /** The last known facts; undefined until LXD answered once. */
  get facts(): MachineFacts | undefined {
    return this.#facts
  }

  /** Looks once, and from then on by itself. Never throws: an LXD that is away is a state, not an error. */
  async look(): Promise<void> {
    clearTimeout(this.#timer)
    try {
      this.#facts = await this.#read()
      if (!this.online) this.#log.info({ lxd: this.#facts.lxdVersion }, 'LXD answers')
      this.online = true
      this.#changed.emit('online')
    } catch (error) {
      const reason = (error as Error).message
      if (this.online || reason !== this.#reason) this.#log.warn({ reason }, 'LXD does not answer')
      this.#reason = reason
      this.online = false
    }
    if (!this.#closed) this.#timer = setTimeout(() => this.look(), this.online ? calm : worried)
  }

  /** To be called when a request to LXD got no answer: the next look comes soon. */
  suspect(): void {
    if (!this.online || this.#closed) return
    this.online = false
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), 50)
  }

  /** Resolves once LXD answers. Rejects with the signal's reason. */
  async untilOnline(signal: AbortSignal): Promise<void> {
    if (this.online) return
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const done = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        this.#changed.off('online', done)
        reject(signal.reason)
      }
      this.#changed.once('online', done)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  async #read(): Promise<MachineFacts> {
    const signal = AbortSignal.timeout(10_000)
    const [server, resources, pool] = await Promise.all([
      this.#lxd.server.get({ signal }),
      this.#lxd.resources.get({ signal }),
      this.#readPool(signal),
    ])
    const gpus = (resources.gpu?.cards ?? []).map(readGpu)
    const total = pool.space?.total ?? 0
    return {
      architecture: resources.cpu?.architecture ?? 'unknown',
      cpus: resources.cpu?.total ?? 0,
      memory: resources.memory?.total ?? 0,
      disk: total,
      diskFree: total - (pool.space?.used ?? 0),
      gpus,
      gpuSlots: gpus.reduce((sum, gpu) => sum + gpu.slots, 0),
      lxdVersion: server.environment?.server_version ?? 'unknown',
    }
  }

  /** A pool that is not there is a mistake of the configuration and told as one: LXD is online all the same. */
  async #readPool(signal: AbortSignal): Promise<{ space?: { used?: number; total?: number } }> {
    try {
      // Asked for the resources of an unknown pool, LXD 5.0.2 answers 500.
      await this.#lxd.storagePools.get(this.#pool, { signal })
    } catch (error) {
      if (error instanceof NotFoundError) return {}
      throw error
    }
    return this.#lxd.storagePools.resources(this.#pool, { signal })
  }
}

type Card = { vendor_id?: string; pci_address?: string; numa_node?: number; drm?: { render_name?: string } | null }

function readGpu(card: Card, id: number): Gpu {
  const renderName = card.drm?.render_name ?? ''
  // A card without a render node (a server's management display) cannot carry an Android system.
  const type = renderName ? (vendors[card.vendor_id ?? ''] ?? 'none') : 'none'
  return { id, type, pciAddress: card.pci_address ?? '', renderName, numaNode: card.numa_node ?? 0, ...slotsOf[type] }
}
