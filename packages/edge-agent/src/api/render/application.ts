// Applications and addons as AMS writes them.
import { sizeText } from '../../catalogue/size.ts'
import type { AddonRecord, ApplicationRecord, ApplicationVersion } from '../../store/records.ts'

/** An application mirrors its latest version; the codes are AMS's. */
const applicationStatus = {
  error: { status: 'error', status_code: -1 },
  initializing: { status: 'initializing', status_code: 1 },
  active: { status: 'ready', status_code: 2 },
} as const
const versionCodes = { error: -1, initializing: 1, active: 3 } as const

const abis: Record<string, string> = { aarch64: 'arm64-v8a', x86_64: 'x86_64' }

export function renderApplication({ versions, resources, ...application }: ApplicationRecord) {
  const latest = versions.at(-1)
  return {
    id: application.id,
    name: application.name,
    ...applicationStatus[latest?.status ?? 'initializing'],
    instance_type: application.instanceType,
    boot_package: latest?.bootPackage ?? '',
    parent_image_id: application.image,
    parent_image_variant: 'unknown',
    published: versions.some(({ published }) => published),
    versions: versions.map(renderVersion),
    addons: application.addons,
    created_at: application.createdAt,
    immutable: false,
    tags: application.tags,
    resources: {
      ...(resources.cpus !== undefined && { cpus: resources.cpus }),
      ...(resources.memory !== undefined && { memory: sizeText(resources.memory) }),
      ...(resources.disk !== undefined && { 'disk-size': sizeText(resources.disk) }),
      ...(resources.gpuSlots !== undefined && { 'gpu-slots': resources.gpuSlots }),
    },
    abi: abis[latest?.architecture ?? ''] ?? '',
    inhibit_auto_updates: application.inhibitAutoUpdates,
    node_selector: application.nodeSelector,
    vm: false,
    entitlements: [],
  }
}

function renderVersion({ manifest, ...version }: ApplicationVersion) {
  return {
    number: version.number,
    manifest_version: manifest.version,
    parent_image_id: version.image.id,
    parent_image_version: version.image.version,
    status: version.status,
    status_code: versionCodes[version.status],
    published: version.published,
    created_at: version.createdAt,
    boot_activity: version.bootActivity,
    required_permissions: manifest['required-permissions'],
    addons: version.addons.map(({ name, version }) => ({ name, version })),
    extra_data: manifest['extra-data'],
    error_message: version.errorMessage,
    video_encoder: manifest['video-encoder'],
    watchdog: manifest.watchdog,
    services: manifest.services,
    features: manifest.features,
    hooks: manifest.hooks,
    bootstrap: manifest.bootstrap,
    'edge.stage': version.stage,
    /** What of the guest's own packages was updated when it was bootstrapped. */
    'edge.security_updates': version.updates,
  }
}

export function renderAddon({ id, versions }: AddonRecord, usedBy: string[]) {
  return {
    name: id,
    versions: versions.map(({ version, fingerprint, size, createdAt }) => ({
      version,
      fingerprint,
      size,
      created_at: createdAt,
    })),
    used_by: usedBy,
    entitlements: [],
  }
}
