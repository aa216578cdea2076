// Applications whose guest's own packages have security updates: they are bootstrapped anew, which takes the updates in. The
// last good version stays in use until the new one is there, and where it fails.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Applications } from '../catalogue/applications.ts'
import { pendingIn, refreshing } from '../host/guest-updates.ts'
import type { PatchRecord } from '../store/patch-records.ts'
import type { ApplicationRecord, ApplicationVersion, GuestUpdate } from '../store/records.ts'
import type { Settings } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import { Discovered, NotNow, type Offer, PatchFailed, type PatchKind, type Work } from './kind.ts'
import type { Probe } from './probe.ts'
import { namedUpdates } from './updates.ts'

export type ApplicationPatchParts = {
  applications: Applications
  store: Store
  settings: Settings
  probe: Probe
}

export class ApplicationPatches implements PatchKind {
  readonly name = 'applications'
  readonly #parts: ApplicationPatchParts

  constructor(parts: ApplicationPatchParts) {
    this.#parts = parts
  }

  /** Instances go on with the version that they have. */
  disturbs(): boolean {
    return false
  }

  async discover(signal: AbortSignal): Promise<Discovered> {
    const { applications, settings } = this.#parts
    const found = new Discovered()
    if (!settings.securityUpdates() || !settings.autoUpdate()) return found
    for (const application of applications.list())
      await found.of(application.name, async () => {
        const version = application.versions.at(-1)
        if (application.inhibitAutoUpdates || version?.status !== 'active') return []
        const updates = await this.#pending(application, version, signal)
        return updates.length > 0 ? [offer(application, version, updates)] : []
      })
    return found
  }

  async apply(patch: PatchRecord, { signal }: Work): Promise<void> {
    const { applications } = this.#parts
    const { id, versions } = applications.get(patch.subject)
    if (!newer(versions, patch)) applications.rebuild(id, `Updating application: ${patch.title}`)
    for (;;) {
      const version = newer(applications.get(id).versions, patch)
      if (!version) throw new NotNow('its new version was taken away')
      if (version.status === 'active') return
      if (version.status === 'error') {
        if (!version.errorMessage.includes(refreshing)) throw new PatchFailed(version.errorMessage)
        // The archives were away, which says nothing of the updates.
        this.#drop(id, version)
        throw new NotNow(version.errorMessage)
      }
      await sleep(250, undefined, { signal })
    }
  }

  /** A new version that still lacks them would be made anew at every look. */
  async faults(patch: PatchRecord, { signal }: Work): Promise<string[]> {
    const application = this.#parts.applications.get(patch.subject)
    const version = newer(application.versions, patch)
    if (version?.status !== 'active') return []
    const missing = await this.#pending(application, version, signal)
    return missing.length > 0 && namedUpdates(missing).to === patch.to ? ['the new version lacks the same updates'] : []
  }

  async revert(patch: PatchRecord): Promise<void> {
    const application = this.#parts.applications.list().find(({ name }) => name === patch.subject)
    const version = application && newer(application.versions, patch)
    // A failed one is kept with its logs: it is not launched.
    if (application && version?.status === 'active') this.#drop(application.id, version)
  }

  #drop(id: string, { number }: ApplicationVersion): void {
    const { applications } = this.#parts
    if (applications.get(id).versions.length > 1) applications.dropVersion(id, number)
  }

  /** What the archives have for the guest of this version, asked by a guest that nobody sees. */
  async #pending(
    application: ApplicationRecord,
    version: ApplicationVersion,
    signal: AbortSignal,
  ): Promise<GuestUpdate[]> {
    const { probe } = this.#parts
    const { id, name } = version.image
    const image = { id, name, version: version.image.version, fingerprint: version.fingerprint }
    const record = probe.record(image)
    if (!record) throw new Error(`there is no room for a guest of ${application.name} to look into`)
    return probe.use(record, signal, async ({ status, errorMessage }) => {
      if (status === 'error') throw new Error(errorMessage)
      return pendingIn(probe.guest(record, signal))
    })
  }
}

function offer({ name }: ApplicationRecord, { number }: ApplicationVersion, updates: readonly GuestUpdate[]): Offer {
  return {
    subject: name,
    from: `version ${number}`,
    ...namedUpdates(updates),
    title: `security updates of ${name}: ${updates.map((one) => `${one.name} ${one.to}`).join(', ')}`.slice(0, 500),
    urgent: true,
    work: { from: number },
  }
}

const newer = (versions: readonly ApplicationVersion[], { work }: PatchRecord) =>
  versions.findLast(({ number }) => number > Number(work.from))
