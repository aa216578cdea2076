import type { ApplicationVersion } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** Changes one version of an application; nothing happens when either is gone. */
export function changeVersion(
  store: Store,
  application: string,
  number: number,
  fields: Partial<ApplicationVersion>,
): void {
  store.applications.change(application, (latest) => ({
    ...latest,
    versions: latest.versions.map((version) => (version.number === number ? { ...version, ...fields } : version)),
  }))
}
