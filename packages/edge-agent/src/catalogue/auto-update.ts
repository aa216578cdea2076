// Applications follow what they are made of.
import { ApiError } from '../errors.ts'
import type { BootstrapParts } from './bootstrap.ts'

/** A new version, where image, addons or global settings are not those of the newest one any more. */
export function followChanges(parts: BootstrapParts, id: string): void {
  const { store, images, addons, settings, applications, log } = parts
  const application = store.applications.get(id)
  const newest = application?.versions.at(-1)
  if (!application || !newest || application.inhibitAutoUpdates || !settings.autoUpdate()) return
  try {
    const image = images.get(application.image)
    const version = images.version(image)
    const names = [...settings.globalAddons(), ...application.addons]
    const now = addons.forInstance(names, image.architecture)
    const reasons = [
      ...(version.fingerprint === newest.image.fingerprint ? [] : ['image']),
      ...(references(now) === references(newest.addons) ? [] : ['addons']),
    ]
    if (reasons.length === 0) return
    log.info({ application: application.name, reasons }, 'a new version is made of what has changed')
    applications.rebuild(id, `Updating application: changed ${reasons.join(' and ')}`)
  } catch (error) {
    // An image that is just being replaced, an addon that is gone: the change that mends it brings us back here.
    if (!(error instanceof ApiError)) throw error
    log.debug({ application: application.name, reason: error.message }, 'it cannot follow what has changed')
  }
}

const references = (addons: readonly { name: string; version: number }[]) =>
  addons.map(({ name, version }) => `${name}@${version}`).join()
