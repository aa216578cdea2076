// A record as the LXD instance that LXD is asked to make, and the LXD projects that they live in.
import type { Config } from '../config.ts'
import type { InstanceRecord } from '../store/records.ts'

/** How CPUs are limited: a share of time (AMS's `scheduler`) or whole cores (`pinning`). */
export type CpuMode = 'scheduler' | 'pinning'

/** Config key on an LXD instance that names the record it belongs to. */
const idKey = 'user.anbox.id'

/** @param copyProject the LXD project of what it is a copy of. */
export function lxdInstance(record: InstanceRecord, config: Config, cpuMode: CpuMode, copyProject?: string) {
  const { amounts } = record
  return {
    name: record.lxdName,
    type: 'container' as const,
    source: record.copyOf
      ? { type: 'copy', source: record.copyOf, project: copyProject, instance_only: true }
      : { type: 'image', fingerprint: record.image.fingerprint },
    profiles: [] as string[],
    config: {
      [idKey]: record.id,
      'security.idmap.isolated': 'true',
      'limits.memory': `${amounts.memory}B`,
      'limits.processes': '4096',
      ...(cpuMode === 'pinning'
        ? { 'limits.cpu': String(amounts.cpus) }
        : { 'limits.cpu.allowance': `${amounts.cpus * 100}ms/100ms` }),
    } as Record<string, string>,
    devices: {
      root: { type: 'disk', path: '/', pool: config.lxd.storagePool, size: `${amounts.disk}B` },
      eth0: { type: 'nic', name: 'eth0', network: config.lxd.network, 'security.mac_filtering': 'true' },
      ...(record.gpu ? { gpu: { type: 'gpu', pci: record.gpu.pci } } : {}),
      ...proxies(record, config),
    } as Record<string, Record<string, string>>,
  }
}

// A proxy device is LXD's own process, so an open adb connection outlives the agent.
function proxies(record: InstanceRecord, { node }: Config) {
  const range = (from: number, to: number) => (from === to ? `${from}` : `${from}-${to}`)
  return Object.fromEntries(
    record.services.flatMap((service) =>
      service.protocols.map((protocol) => [
        `${service.name}-${protocol}`,
        {
          type: 'proxy',
          bind: 'host',
          listen: `${protocol}:${service.expose ? node.publicAddress : node.privateAddress}:${range(service.nodePort, service.nodePortEnd)}`,
          connect: `${protocol}:127.0.0.1:${range(service.port, service.portEnd)}`,
        },
      ]),
    ),
  )
}

/**
 * What LXD itself refuses in the project, whatever the agent asks for: privileged or nested containers, a shared id map,
 * host paths, host devices, other networks. A GPU is allowed where the machine has one.
 */
export function projectConfig({ lxd }: Config, hasGpu: boolean): Record<string, string> {
  return {
    'features.images': 'true',
    'features.profiles': 'true',
    'features.storage.volumes': 'true',
    'features.networks': 'false',
    restricted: 'true',
    'restricted.backups': 'block',
    'restricted.cluster.target': 'block',
    'restricted.containers.interception': 'block',
    'restricted.containers.lowlevel': 'block',
    'restricted.containers.nesting': 'block',
    'restricted.containers.privilege': 'isolated',
    'restricted.devices.disk': 'managed',
    'restricted.devices.gpu': hasGpu ? 'allow' : 'block',
    'restricted.devices.infiniband': 'block',
    'restricted.devices.nic': 'managed',
    'restricted.devices.pci': 'block',
    'restricted.devices.proxy': 'allow',
    'restricted.devices.unix-block': 'block',
    'restricted.devices.unix-char': 'block',
    'restricted.devices.unix-hotplug': 'block',
    'restricted.devices.usb': 'block',
    'restricted.networks.access': lxd.network,
    'restricted.snapshots': 'allow',
    'restricted.virtual-machines.lowlevel': 'block',
  }
}
