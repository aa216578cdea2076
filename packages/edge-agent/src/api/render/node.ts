// This machine as AMS writes a node. Facts come from LXD; what is reserved comes from our own records.
import { sizeText } from '../../catalogue/size.ts'
import { holdsMore, reserved } from '../../host/capacity.ts'
import { allocationsOf } from '../../host/gpus.ts'
import type { Services } from '../services.ts'

const offline = { status: 'offline', status_code: 5 }
const online = { status: 'online', status_code: 4 }

export function renderNode({ config, machine, node, instances, enrolment }: Services) {
  const { facts } = machine
  const { values } = node
  const ceiling = facts && node.ceiling(facts)
  const gpus = node.gpus(facts?.gpus ?? [])
  const used = reserved(instances.all())
  return {
    name: config.node.name,
    address: config.node.privateAddress,
    public_address: values.publicAddress ?? config.node.publicAddress,
    network_bridge_mtu: 1500,
    cpus: ceiling?.cpus ?? 0,
    cpu_allocation_rate: values.cpuAllocationRate,
    memory: sizeText(ceiling?.memory ?? 0),
    memory_allocation_rate: values.memoryAllocationRate,
    ...(machine.online ? online : offline),
    is_master: true,
    disk_size: sizeText(ceiling?.disk ?? 0),
    gpu_slots: ceiling?.gpuSlots ?? 0,
    gpu_encoder_slots: gpus.reduce((sum, { encoderSlots }) => sum + encoderSlots, 0),
    tags: values.tags,
    unschedulable: values.unschedulable,
    // AMS's misspelt twin, for clients of old.
    unscheduable: values.unschedulable,
    instance_types: ['container'],
    architecture: facts?.architecture ?? '',
    storage_pool: config.lxd.storagePool,
    managed: false,
    gpus: gpus.map((gpu) => ({
      id: gpu.id,
      type: gpu.type,
      pci_address: gpu.pciAddress,
      render_name: gpu.renderName,
      slots: gpu.slots,
      encoder_slots: gpu.encoderSlots,
      allocations: Object.fromEntries(
        Object.entries(allocationsOf(gpu, instances.all())).map(([id, { slots, encoderSlots }]) => [
          id,
          { gpus: [gpu.id], slots, encoder_slots: encoderSlots },
        ]),
      ),
      numa_node: gpu.numaNode,
    })),
    vpus: [],
    entitlements: [],
    'edge.enrolment': enrolment.report,
    'edge.status_message': machine.online ? '' : machine.reason,
    'edge.warm': {
      prepared: instances.ready('prepared'),
      paused: instances.ready('paused'),
    },
    'edge.reserved': {
      cpus: used.cpus,
      memory: used.memory,
      disk: used.disk,
      gpu_slots: used.gpuSlots,
      instances: instances.list().filter(holdsMore).length,
    },
  }
}
