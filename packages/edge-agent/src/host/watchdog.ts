// Watches applications: an instance whose application has died, hangs or was left for another one ends in `error`.
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { Android } from './android.ts'
import { Guest, GuestError } from './guest.ts'
import type { Projects } from './projects.ts'
import { failing } from './runner.ts'
import { Slots } from './slots.ts'

/** Milliseconds between two looks at an application, and to the second one at a bad sight: a dialog comes and goes. */
const period = 5_000
const again = 1_000
/** Looks at once: each costs an exec. */
const workers = 2

export class Watchdog {
  readonly #projects: Projects
  readonly #store: Store
  readonly #wake: (id: string) => void
  readonly #slots = new Slots(workers)
  readonly #closing = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** @param wake is told of an instance whose record says by now that it has failed. */
  constructor(projects: Projects, store: Store, wake: (id: string) => void) {
    this.#projects = projects
    this.#store = store
    this.#wake = wake
  }

  start(): void {
    this.#timer = setTimeout(() => this.#round(), period)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#closing.abort(new Error('the agent is stopping'))
  }

  async #round(): Promise<void> {
    const watched = this.#store.instances.list().filter(isWatched)
    const { signal } = this.#closing
    await Promise.all(watched.map((record) => this.#slots.use(() => this.#look(record), signal).catch(() => {})))
    if (!signal.aborted) this.#timer = setTimeout(() => this.#round(), period)
  }

  async #look(record: InstanceRecord): Promise<void> {
    if (!(await this.#complaint(record))) return
    await sleep(again, undefined, { signal: this.#closing.signal })
    const complaint = await this.#complaint(record)
    if (!complaint) return
    this.#store.instances.change(record.id, (latest) =>
      isWatched(latest) && latest.lastStart === record.lastStart ? failing(latest, `watchdog: ${complaint}`) : latest,
    )
    this.#wake(record.id)
  }

  async #complaint(record: InstanceRecord): Promise<string | undefined> {
    const { lxdName, application } = record
    if (!application) return undefined
    try {
      const foreground = await new Android(
        new Guest(this.#projects.of(record), lxdName, this.#closing.signal),
      ).foreground()
      return complaintAbout(foreground, application.bootPackage, application.watchdog ?? [])
    } catch (error) {
      // An LXD that is away says nothing about the application; Android that does not answer does.
      return error instanceof GuestError ? error.message : undefined
    }
  }
}

export function complaintAbout(
  foreground: string,
  bootPackage: string,
  allowed: readonly string[],
): string | undefined {
  if (foreground === bootPackage) return undefined
  if (foreground === '') return `${bootPackage} is no longer in the foreground`
  if (allowed.includes('*') || allowed.includes(foreground)) return undefined
  return `${foreground} came to the foreground in place of ${bootPackage}`
}

function isWatched({ status, goal, failing, base, application }: InstanceRecord): boolean {
  return (
    status === 'running' &&
    goal === 'running' &&
    failing === undefined &&
    !base &&
    application?.watchdog !== undefined &&
    application.bootPackage !== '' &&
    application.bootActivity !== ''
  )
}
