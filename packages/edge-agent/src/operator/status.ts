// `anbox-edge status`: what the agent of this machine hosts, and what it is doing.
import type { AmsClient } from '@anbox/sdk'

export type Status = {
  node: string
  version: string
  status: string
  /** Why it is not online. */
  reason: string
  instances: Record<string, number>
  applications: number
  images: number
  /** Instances made ahead of launches. */
  warm: { prepared: number; paused: number }
  tasks: { object: string; status: string }[]
  reserved: { cpus: number; memory: number; disk: number }
  of: { cpus: number; memory: string; disk: string }
}

type Extra = {
  'edge.status_message': string
  'edge.warm': Status['warm']
  'edge.reserved': Status['reserved']
}

export async function readStatus(ams: AmsClient): Promise<Status> {
  const [nodes, version, instances, applications, images, tasks] = await Promise.all([
    ams.nodes.list(),
    ams.service.version(),
    ams.instances.list(),
    ams.applications.list(),
    ams.images.list(),
    ams.tasks.list(),
  ])
  const [node] = nodes
  if (!node) throw new Error('the agent names no node')
  const extra = node as unknown as Extra
  const counts: Record<string, number> = {}
  for (const { status } of instances) counts[status] = (counts[status] ?? 0) + 1
  const { cpus, memory, disk } = extra['edge.reserved']
  return {
    node: node.name,
    version,
    status: node.status,
    reason: extra['edge.status_message'],
    instances: counts,
    applications: applications.length,
    images: images.length,
    warm: extra['edge.warm'],
    tasks: tasks.map(({ object_type: type, object_id: id, status }) => ({ object: `${type} ${id}`, status })),
    reserved: { cpus, memory, disk },
    of: {
      cpus: node.cpus * node.cpu_allocation_rate,
      memory: `${node.memory} × ${node.memory_allocation_rate}`,
      disk: node.disk_size ?? '',
    },
  }
}

export function statusText(status: Status): string {
  const total = Object.values(status.instances).reduce((sum, count) => sum + count, 0)
  const by = Object.entries(status.instances).map(([name, count]) => `${count} ${name}`)
  const mib = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`
  const { reserved, of, warm } = status
  const rows: [string, string][] = [
    ['node', `${status.node}, ${status.status}${status.reason && ` (${status.reason})`}, agent ${status.version}`],
    ['instances', total === 0 ? 'none' : `${total}: ${by.join(', ')}`],
    ['made ahead', `${warm.prepared} prepared, ${warm.paused} paused`],
    ['catalogue', `${status.images} images, ${status.applications} applications`],
    [
      'reserved',
      `${reserved.cpus} of ${of.cpus} CPUs, ${mib(reserved.memory)} of ${of.memory} memory, ${mib(reserved.disk)} of ${of.disk} disk`,
    ],
    ['under way', status.tasks.map(({ object, status: now }) => `${object} (${now})`).join(', ') || 'nothing'],
  ]
  return rows.map(([name, value]) => `${name.padEnd(11)} ${value}\n`).join('')
}
