// Instances made ahead of launches, so that a launch can take one: unpacking a guest, giving its files to its own id map and
// booting it are paid for beforehand. They are records like others, which nobody sees until they are taken.
import type { Config } from '../config.ts'
import { ApiError } from '../errors.ts'
import type { InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import { lacks } from './capacity.ts'
import type { Host } from './host.ts'
import { draft, type LaunchParts } from './launch.ts'
import type { NodeSettings } from './node-settings.ts'
import { sessionText } from './session.ts'

/** Milliseconds after a change before the stock is looked at: launches go first. */
const calm = 1_000
const kinds = ['prepared', 'paused'] as const
type Kind = (typeof kinds)[number]

export type WarmParts = LaunchParts & {
  config: Config['warm']
  bootMilliseconds: number
  store: Store
  host: Host
  node: NodeSettings
  log: Logger
}

export class WarmPool {
  readonly #parts: WarmParts
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(parts: WarmParts) {
    this.#parts = parts
    const { store } = parts
    if (this.#names.length === 0) return
    for (const collection of [store.instances, store.images, store.applications])
      collection.onChange(() => this.#lookLater())
  }

  get #names(): readonly string[] {
    return this.#parts.config.prepared + this.#parts.config.paused > 0 ? this.#parts.config.of : []
  }

  start(): void {
    // Those of an earlier configuration too.
    this.#look()
  }

  stop(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }

  /** What a launch becomes when one made ahead fits it; nothing is written. */
  take(wanted: InstanceRecord): InstanceRecord | undefined {
    const fitting = this.#list().filter((warm) => warm.warmReady && fits(warm, wanted))
    const warm = fitting.find((one) => one.warm === 'paused') ?? fitting[0]
    if (!warm) return undefined
    const { id, lxdName, lxdProject, idBase, lastStart, amounts } = warm
    const same = JSON.stringify([amounts, wanted.services.length]) === JSON.stringify([wanted.amounts, 0])
    const adapt = !same || wanted.userData !== '' || sessionText(wanted) !== ''
    const thaw = warm.warm === 'paused'
    return {
      ...wanted,
      id,
      lxdName,
      lxdProject,
      idBase,
      name: wanted.name === `ams-${wanted.id}` ? `ams-${id}` : wanted.name,
      made: true,
      status: thaw ? 'started' : 'prepared',
      lastStart: thaw ? lastStart : undefined,
      bootDeadline: thaw ? Date.now() + this.#parts.bootMilliseconds : undefined,
      taken: { adapt, thaw },
    }
  }

  /** Gives up another one that is made ahead, for a launch that needs its place. @returns false when there is none left. */
  giveUpOne(except: string): boolean {
    const { store, host } = this.#parts
    const one = this.#list().find(({ id }) => id !== except)
    if (!one) return false
    store.instances.change(one.id, (latest) => ({ ...latest, goal: 'deleted' }))
    host.wake(one.id)
    return true
  }

  #list(): InstanceRecord[] {
    return this.#parts.store.instances
      .list()
      .filter(({ warm, goal }) => warm !== undefined && warm !== 'probe' && goal !== 'deleted')
  }

  #lookLater(): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), calm)
  }

  #look(): void {
    const { store, host, config, log } = this.#parts
    if (this.#closed) return
    const wanted = this.#names.flatMap((name) => {
      try {
        return [this.#draft(name)]
      } catch (error) {
        // Not there yet, or no version to launch: a change of it brings us back here.
        if (error instanceof ApiError) return []
        throw error
      }
    })
    const current = this.#list()
    for (const warm of current) {
      const known =
        wanted.some((one) => sameGuest(one, warm)) && config[warm.warm === 'paused' ? 'paused' : 'prepared'] > 0
      if (known && warm.status !== 'error') continue
      store.instances.change(warm.id, (latest) => ({ ...latest, goal: 'deleted' }))
      host.wake(warm.id)
    }
    // One at a time, and none while a client waits for something.
    if (host.busy || current.some(({ warmReady, status }) => !warmReady && status !== 'error')) return
    for (const one of wanted)
      for (const kind of kinds) {
        if (
          !possible(one, kind) ||
          current.filter((warm) => warm.warm === kind && sameGuest(one, warm)).length >= config[kind]
        )
          continue
        const record: InstanceRecord = { ...one, warm: kind, goal: kind === 'paused' ? 'running' : 'stopped' }
        if (!this.#hasRoom(record)) return
        log.debug({ instance: record.id, image: record.image.name, kind }, 'making an instance ahead')
        store.instances.put(record)
        host.wake(record.id)
        return
      }
  }

  #draft(name: string): InstanceRecord {
    const { images, applications, store } = this.#parts
    const isApplication = applications.list().some((one) => one.name === name || one.id === name)
    const origin = isApplication ? { app_id: name } : { image_id: images.get(name).id }
    const record = draft(origin, store.instances.list(), this.#parts)
    return { ...record, services: [] }
  }

  #hasRoom({ amounts }: InstanceRecord): boolean {
    const { machine, node, store } = this.#parts
    if (!machine.online || !machine.facts || node.values.unschedulable) return false
    return lacks(node.ceiling(machine.facts), node.values, store.instances.list(), amounts, true) === undefined
  }
}

/** A guest whose set-up is still to come is not paused: it would be paused in the middle of it. */
const possible = ({ setUp }: InstanceRecord, kind: Kind) => kind === 'prepared' || setUp === undefined

function fits(warm: InstanceRecord, wanted: InstanceRecord): boolean {
  if (!sameGuest(warm, wanted) || wanted.goal !== 'running' || wanted.copyOf || wanted.amounts.gpuSlots > 0)
    return false
  // It has booted already: what the guest reads when it boots comes too late.
  return warm.warm === 'prepared' || (wanted.userData === '' && sessionText(wanted) === '')
}

const sameGuest = (a: InstanceRecord, b: InstanceRecord) =>
  a.image.fingerprint === b.image.fingerprint &&
  a.application?.id === b.application?.id &&
  a.application?.bootPackage === b.application?.bootPackage &&
  JSON.stringify(a.addons) === JSON.stringify(b.addons)
