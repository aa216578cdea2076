// Instances of an image, made anew from its new version one after the other: same name, ports, tags and user data, new file
// system. It stops with the first one that does not come up, so that the others go on as they are.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../host/host.ts'
import type { InstanceImage, InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'

export class Roller {
  readonly #store: Store
  readonly #host: Host
  readonly #log: Logger

  constructor(store: Store, host: Host, log: Logger) {
    this.#store = store
    this.#host = host
    this.#log = log
  }

  async roll(image: InstanceImage, signal: AbortSignal): Promise<void> {
    // One that was begun before the agent died is waited for first.
    for (const record of this.#store.instances.list()) {
      if (record.image.id !== image.id || record.warm || record.base || record.application) continue
      if (record.status === 'error' || record.goal === 'deleted') continue
      if (record.image.version < image.version) this.#begin(record, image)
      const ended = await this.#settled(record.id, signal)
      if (ended?.status === 'error') {
        this.#log.error({ instance: record.id, reason: ended.errorMessage }, 'it did not come up anew; others stay')
        return
      }
    }
  }

  /** Without `made`, its LXD instance is a leftover: the host discards it and makes it from the new image. */
  #begin({ id }: InstanceRecord, image: InstanceImage): void {
    this.#store.instances.change(id, (latest) => ({
      ...latest,
      ...{ image, made: false, idBase: undefined, status: 'created', setUpAt: undefined, statusMessage: 'rolled' },
      ...{ lastStart: undefined, bootDeadline: undefined, bootMilliseconds: undefined, copyOf: undefined },
    }))
    this.#host.wake(id)
  }

  async #settled(id: string, signal: AbortSignal): Promise<InstanceRecord | undefined> {
    for (;;) {
      const record = this.#store.instances.get(id)
      if (!record || record.status === 'error' || (record.made && record.status === record.goal)) return record
      await sleep(100, undefined, { signal })
    }
  }
}
