// Makes versions of applications come true: a base instance is launched, the application is bootstrapped in it, it is stopped
// and becomes an image, and goes. One version at a time.
//
// Nothing is held in memory that matters: a round looks at every version's record, at its base instance and at LXD, and does
// the next thing. So an agent that died goes on where it was.
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../errors.ts'
import type { Instances } from '../host/instances.ts'
import type { Projects } from '../host/projects.ts'
import { untilQuiet } from '../host/until-quiet.ts'
import type { ApplicationRecord, ApplicationVersion, InstanceRecord } from '../store/records.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Logger } from '../system/log.ts'
import type { Addons } from './addons.ts'
import type { Applications } from './applications.ts'
import { followChanges } from './auto-update.ts'
import type { Images } from './images.ts'
import { isFor, markOf, removeLeftovers } from './leftovers.ts'
import type { Packages } from './packages.ts'
import { changeVersion } from './versions.ts'

/** AMS's limit, milliseconds. */
const bootstrapLimit = 15 * 60_000
/** Milliseconds between two looks, for what no change of a record told. */
const resync = 30_000
/** Milliseconds after which what did not work is tried again. */
const again = 2_000

export type BootstrapParts = {
  projects: Projects
  store: Store
  applications: Applications
  images: Images
  addons: Addons
  packages: Packages
  instances: Instances
  settings: Settings
  wake: (id: string) => void
  log: Logger
}

export class Bootstrap {
  readonly #parts: BootstrapParts
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined
  #round: Promise<void> | undefined
  #again = false
  readonly #since = new Map<string, number>()

  constructor(parts: BootstrapParts) {
    this.#parts = parts
    const { store } = parts
    store.applications.onChange(() => this.#soon())
    store.instances.onChange((after, before) => {
      if ((after ?? before)?.base) this.#soon()
    })
    store.images.onChange((after) => after && this.#later())
    store.addons.onChange((after) => after && this.#later())
  }

  #started = false

  start(): void {
    this.#started = true
    this.#soon()
  }

  async stop(): Promise<void> {
    this.#closing.abort(new Error('the agent is stopping'))
    clearTimeout(this.#timer)
    await this.#round
  }

  /** A global setting changed that is part of every version. */
  settingsChanged(): void {
    this.#later()
  }

  /** Not within the write that told of it. */
  #soon(): void {
    this.#later(0)
  }

  #later(milliseconds = 50): void {
    if (!this.#started || this.#closing.signal.aborted) return
    if (this.#round) this.#again = true
    else {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => {
        this.#round = this.#run()
      }, milliseconds)
    }
  }

  async #run(): Promise<void> {
    let pause = resync
    try {
      do {
        this.#again = false
        await this.#look()
      } while (this.#again && !this.#closing.signal.aborted)
    } catch (error) {
      pause = again
      if (!this.#closing.signal.aborted)
        this.#parts.log.warn({ error: (error as Error).message }, 'a bootstrap waits; it will be tried again')
    }
    this.#round = undefined
    if (!this.#closing.signal.aborted) this.#timer = setTimeout(() => this.#later(0), pause)
  }

  async #look(): Promise<void> {
    const { store } = this.#parts
    for (const application of store.applications.list())
      if (application.goal === 'deleted') await this.#remove(application)
    for (const id of this.#since.keys()) if (!store.instances.get(id)) this.#since.delete(id)
    await removeLeftovers(this.#parts, this.#closing.signal)
    for (const { id } of store.applications.list()) followChanges(this.#parts, id)
    for (const { id, versions } of store.applications.list()) {
      const open = versions.find(({ status }) => status === 'initializing')
      if (open) await this.#advance(id, open)
    }
  }

  async #advance(id: string, version: ApplicationVersion): Promise<void> {
    const { store, instances, wake, log } = this.#parts
    const application = store.applications.get(id)
    if (!application) return
    const base = store.instances
      .list()
      .find((one) => one.base && isFor(one, id, version.number) && one.goal !== 'deleted')
    if (!base) {
      try {
        const made = instances.launchBase(application, version)
        this.#change(id, version.number, { base: made.id, stage: 'bootstrapping' })
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.status !== 503) return this.#fail(id, version, error.message)
        log.info({ application: application.name, reason: error.message }, 'a bootstrap waits for room')
        await sleep(again, undefined, { signal: this.#closing.signal }).catch(() => {})
        this.#again = true
      }
      return
    }
    if (base.status === 'error' && base.failing === undefined) return this.#fail(id, version, base.errorMessage)
    if (this.#age(base.id) > bootstrapLimit) {
      const minutes = bootstrapLimit / 60_000
      return this.#fail(
        id,
        version,
        `it was not bootstrapped within ${minutes} minutes (${base.statusMessage || base.status})`,
      )
    }
    if (base.goal === 'running' && base.status === 'running') {
      // The stage first: a base instance that stops without it was stopped by somebody else, and is not what was wanted.
      this.#change(id, version.number, { stage: 'stopping' })
      store.instances.change(base.id, (latest) => ({ ...latest, goal: 'stopped' }))
      wake(base.id)
      return
    }
    if (base.goal !== 'stopped' || base.status !== 'stopped') return
    if (version.stage === 'stopping' || version.stage === 'publishing') await this.#publish(application, version, base)
    else this.#fail(id, version, 'its base instance was stopped before it was bootstrapped')
  }

  /** Milliseconds that this agent has seen a base instance, by a clock that nobody sets. */
  #age(base: string): number {
    const now = performance.now()
    const since = this.#since.get(base) ?? now
    this.#since.set(base, since)
    return now - since
  }

  /** The stopped base instance becomes the version's image. An image that an agent before made already is taken. */
  async #publish(application: ApplicationRecord, version: ApplicationVersion, base: InstanceRecord): Promise<void> {
    const { projects, store, settings, wake } = this.#parts
    const { signal } = this.#closing
    this.#change(application.id, version.number, { stage: 'publishing' })
    // Two at a time would be one image too many.
    await untilQuiet(projects.of(base), base.lxdName, signal)
    const mark = markOf(application.id, version.number)
    const known = (await projects.main.images.list({ signal })).find(
      ({ properties }) => properties?.['anbox.application'] === mark,
    )
    const fingerprint = known?.fingerprint ?? (await projects.publish(base, signal, { 'anbox.application': mark }))
    const publish = settings.autoPublish()
    this.#change(application.id, version.number, {
      fingerprint,
      status: 'active',
      stage: '',
      base: undefined,
      published: publish,
    })
    store.instances.change(base.id, (latest) => ({ ...latest, goal: 'deleted' }))
    wake(base.id)
    this.#prune(application.id)
  }

  /** Published versions beyond the setting go, oldest first. Instances go on: they hold a copy. */
  #prune(id: string): void {
    const { store, applications, settings } = this.#parts
    const published = (store.applications.get(id)?.versions ?? []).filter(
      (one) => one.published && one.status === 'active',
    )
    for (const { number } of published.slice(0, Math.max(0, published.length - settings.maxPublishedVersions())))
      applications.dropVersion(id, number)
  }

  #fail(id: string, { number, base }: ApplicationVersion, message: string): void {
    const { store, wake } = this.#parts
    this.#change(id, number, { status: 'error', stage: '', errorMessage: message })
    // Kept for inspection, as AMS does, with its logs; it goes with its version.
    const instance = store.instances.get(base ?? '')
    if (instance && instance.status !== 'error' && instance.goal === 'running') {
      store.instances.change(instance.id, (latest) => ({ ...latest, goal: 'stopped' }))
      wake(instance.id)
    }
  }

  #change(id: string, number: number, fields: Partial<ApplicationVersion>): void {
    if (fields.stage !== undefined) this.#parts.log.debug({ application: id, number, stage: fields.stage }, 'bootstrap')
    changeVersion(this.#parts.store, id, number, fields)
  }

  async #remove({ id, versions }: ApplicationRecord): Promise<void> {
    this.#parts.store.applications.delete(id)
    for (const { fingerprint } of versions) await this.#parts.images.forget(fingerprint)
  }
}
