// An instance as AMS writes it.
import type { Config } from '../../config.ts'
import type { InstanceRecord } from '../../store/records.ts'

const codes = {
  error: -1,
  unknown: 0,
  created: 1,
  prepared: 2,
  started: 3,
  running: 4,
  stopped: 5,
  deleted: 6,
} as const

/** `deleted` means: being removed. */
export const statusOf = (record: InstanceRecord): keyof typeof codes =>
  record.goal === 'deleted' ? 'deleted' : record.status

export function renderInstance(record: InstanceRecord, { node }: Config) {
  const status = statusOf(record)
  return {
    id: record.id,
    name: record.name,
    base: record.base,
    type: 'container',
    status,
    status_code: codes[status],
    status_message: record.statusMessage,
    error_message: record.errorMessage,
    node: node.name,
    app_id: record.application?.id ?? '',
    app_name: record.application?.name ?? '',
    app_version: record.application?.version ?? 0,
    image_id: record.image.id,
    image_name: record.image.name,
    image_variant: 'unknown',
    image_version: record.image.version,
    created_at: record.createdAt,
    address: record.address,
    public_address: node.publicAddress,
    services: record.services.map((service) => ({
      name: service.name,
      port: service.port,
      port_end: service.portEnd,
      node_port: service.nodePort,
      node_port_end: service.nodePortEnd,
      protocols: service.protocols,
      expose: service.expose,
    })),
    stored_logs: record.storedLogs,
    config: {
      platform: record.config.platform,
      ...(record.application && {
        boot_package: record.application.bootPackage,
        boot_activity: record.application.bootActivity,
      }),
      disable_watchdog: record.config.disableWatchdog,
      devmode: record.config.devmode,
      features: record.config.features,
      ...(record.config.display && { display: record.config.display }),
      security: { delete_protected: record.config.deleteProtected },
    },
    resources: {
      cpus: record.amounts.cpus,
      memory: record.amounts.memory,
      // A hyphen in the answer, an underscore in the request: that is AMS's way.
      'disk-size': record.amounts.disk,
      'gpu-slots': record.amounts.gpuSlots,
      no_disk_reserve: record.noDiskReserve,
    },
    architecture: record.architecture,
    tags: record.tags,
    entitlements: [],
    'edge.addons': record.addons.map(({ name, version }) => ({ name, version })),
    'edge.boot_milliseconds': record.bootMilliseconds,
  }
}
