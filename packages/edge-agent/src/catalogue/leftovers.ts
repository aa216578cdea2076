// What versions leave behind when they go: in LXD, on the disk, and as base instances.
import type { InstanceRecord } from '../store/records.ts'
import type { BootstrapParts } from './bootstrap.ts'

/** Base instances, images and packages that no version has any more. */
export async function removeLeftovers(parts: BootstrapParts, signal: AbortSignal): Promise<void> {
  const { projects, store, images, packages, wake } = parts
  const versions = store.applications.list().flatMap(({ id, versions }) => versions.map((version) => ({ id, version })))
  for (const instance of store.instances.list()) {
    if (!instance.base || instance.goal === 'deleted') continue
    const version = versions.find(({ id, version }) => isFor(instance, id, version.number))?.version
    if (version && version.status !== 'active') continue
    store.instances.change(instance.id, (latest) => ({ ...latest, goal: 'deleted' }))
    wake(instance.id)
  }
  packages.sweep(
    new Set([
      ...versions.map(({ version }) => version.package),
      ...store.addons.list().flatMap(({ versions }) => versions.map(({ package: id }) => id)),
      ...store.instances.list().flatMap(({ addons }) => addons.map(({ package: id }) => id)),
    ]),
  )
  const marks = new Set(versions.map(({ id, version }) => markOf(id, version.number)))
  for (const { fingerprint = '', properties } of await projects.main.images.list({ signal })) {
    const mark = properties?.['anbox.application']
    if (mark && !marks.has(mark)) await images.forget(fingerprint)
  }
}

/** What LXD's image of a version is marked with. */
export const markOf = (id: string, number: number) => `${id}-${number}`
/** Whether an instance is of this version. */
export const isFor = ({ application }: InstanceRecord, id: string, number: number) =>
  application?.id === id && application.version === number
