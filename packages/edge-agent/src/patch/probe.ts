// A guest that is launched for no other reason than to see whether guests boot, and how long that takes. Nobody sees it.
import { setTimeout as sleep } from 'node:timers/promises'
import { lacks } from '../host/capacity.ts'
import { Guest } from '../host/guest.ts'
import type { Host } from '../host/host.ts'
import { draft, type LaunchParts } from '../host/launch.ts'
import type { NodeSettings } from '../host/node-settings.ts'
import type { Health } from '../store/patch-records.ts'
import type { InstanceImage, InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** A guest that takes longer than it may is given so many chances: the machine may be busy. */
const chances = 3

/** Times what Android may take to boot, for LXD's part in it. */
const patience = 2
const tooLate = 'it did not come up in time'

export type ProbeParts = LaunchParts & {
  store: Store
  host: Host
  node: NodeSettings
  bootMilliseconds: number
}
export type Booted = Pick<Health, 'bootMilliseconds' | 'bootProblem'>

export class Probe {
  readonly #parts: ProbeParts

  constructor(parts: ProbeParts) {
    this.#parts = parts
  }

  /**
   * @param image the default one unless given. Without any, and where the machine has no room, nothing is known.
   * @param most milliseconds that it should take at most.
   * @param look is handed the first guest that came up.
   */
  async boot(
    image: InstanceImage | undefined,
    most: number,
    signal: AbortSignal,
    look?: (guest: Guest) => Promise<void>,
  ): Promise<Booted> {
    let best: Booted = {}
    for (let chance = 0; chance < chances; chance += 1) {
      const record = this.record(image)
      if (!record) return best
      best = await this.use(record, signal, async ({ bootMilliseconds, errorMessage }) => {
        if (bootMilliseconds === undefined) return { bootProblem: errorMessage }
        if (best.bootMilliseconds === undefined) await look?.(this.guest(record, signal))
        return { bootMilliseconds: Math.min(bootMilliseconds, best.bootMilliseconds ?? bootMilliseconds) }
      })
      if ((best.bootMilliseconds ?? Number.POSITIVE_INFINITY) <= most) break
    }
    return best
  }

  /** Launches a guest, hands over how that ended, and takes it away again. */
  async use<T>(record: InstanceRecord, signal: AbortSignal, work: (ended: InstanceRecord) => Promise<T>): Promise<T> {
    const { store, host } = this.#parts
    store.instances.put({ ...record, warm: 'probe' })
    host.wake(record.id)
    const deadline = performance.now() + patience * this.#parts.bootMilliseconds
    try {
      for (;;) {
        const now = store.instances.get(record.id)
        if (!now) throw new Error('the probe guest was taken away')
        if (now.status === 'running' || now.status === 'error') return await work(now)
        // LXD may be away, or not get on with it.
        if (performance.now() > deadline) return await work({ ...now, status: 'error', errorMessage: tooLate })
        await sleep(50, undefined, { signal })
      }
    } finally {
      this.#remove(record.id)
    }
  }

  guest(record: InstanceRecord, signal: AbortSignal): Guest {
    return new Guest(this.#parts.projects.of(record), record.lxdName, signal)
  }

  /** Those that an agent that died left. */
  clear(): void {
    for (const { id, warm } of this.#parts.store.instances.list()) if (warm === 'probe') this.#remove(id)
  }

  /** A guest of the image with nothing asked for; undefined where there is no image, or no room. */
  record(image: InstanceImage | undefined): InstanceRecord | undefined {
    const { store, machine, node, images } = this.#parts
    const of = image?.id ?? images.list().find((one) => one.default)?.id
    if (!of || !machine.facts) return undefined
    if (!images.get(of).versions.some(({ status }) => status === 'active')) return undefined
    const record = draft({ image_id: of }, store.instances.list(), this.#parts)
    const { facts } = machine
    if (lacks(node.ceiling(facts), node.values, store.instances.list(), record.amounts, true)) return undefined
    return image ? { ...record, image } : record
  }

  #remove(id: string): void {
    const { store, host } = this.#parts
    store.instances.change(id, (latest) => ({ ...latest, goal: 'deleted' }))
    host.wake(id)
  }
}
