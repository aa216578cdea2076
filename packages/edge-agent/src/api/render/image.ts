// An image as AMS writes it.
import type { ApplicationRecord, ImageRecord, ImageVersion, InstanceRecord } from '../../store/records.ts'

const codes = { error: -1, unknown: 0, initializing: 1, staged: 1, active: 3 } as const

export function renderImage(
  image: ImageRecord,
  instances: readonly InstanceRecord[],
  applications: readonly ApplicationRecord[],
) {
  // One that can be launched is active, whatever becomes of its next version.
  const active = image.versions.some((version) => version.status === 'active')
  const last = image.versions.at(-1)?.status
  const status = active ? 'active' : last ? shown(last) : 'unknown'
  return {
    id: image.id,
    name: image.name,
    versions: image.versions.map((version) => ({
      version: version.version,
      fingerprint: version.fingerprint,
      size: version.size,
      created_at: version.createdAt,
      status: shown(version.status),
      status_code: codes[version.status],
      remote_id: '',
      error_message: '',
    })),
    status,
    status_code: codes[status],
    used_by: applications.filter((application) => application.image === image.id).map(({ id }) => id),
    'edge.instances': instances.filter((instance) => instance.image.id === image.id).map(({ id }) => id),
    immutable: false,
    default: image.default,
    architecture: image.architecture,
    type: 'container',
    variant: 'unknown',
    capabilities: [],
    entitlements: [],
  }
}

/** AMS has no word for a version that waits until it is proven: it cannot be launched yet. */
const shown = (status: ImageVersion['status']) => (status === 'staged' ? 'initializing' : status)
