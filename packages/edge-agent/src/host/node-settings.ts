// What an operator may say about this machine: rates, ceilings, tags, whether it takes new instances. Kept in the store.
import { badRequest, notSupported } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Machine, Rates } from './capacity.ts'
import type { MachineFacts } from './machine.ts'

export type NodeValues = Rates & {
  /** Ceilings; undefined means all there is. Memory in bytes. */
  cpus?: number
  memory?: number
  gpuSlots?: number
  tags: string[]
  publicAddress?: string
  unschedulable: boolean
}

/** AMS's NodePatch, as far as one machine has it. Memory is given in bytes or as text such as "16GB". */
export type NodePatch = {
  public_address?: string | null
  cpus?: number | null
  cpu_allocation_rate?: number | null
  memory?: string | number | null
  memory_allocation_rate?: number | null
  gpu_slots?: number | null
  gpu_encoder_slots?: number | null
  tags?: string[] | null
  unschedulable?: boolean | null
  unscheduable?: boolean | null
  gpus?: unknown[] | null
  subnet?: string | null
}

const defaults: NodeValues = { cpuAllocationRate: 4, memoryAllocationRate: 2, tags: [], unschedulable: false }

export class NodeSettings {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get values(): NodeValues {
    return { ...defaults, ...(this.#store.settings.get('node')?.value as Partial<NodeValues> | undefined) }
  }

  /** What instances may use of the machine. */
  ceiling(facts: MachineFacts): Machine {
    const { cpus, memory, gpuSlots } = this.values
    return {
      ...facts,
      cpus: Math.min(facts.cpus, cpus ?? facts.cpus),
      memory: Math.min(facts.memory, memory ?? facts.memory),
      gpuSlots: facts.gpus.length > 0 ? (gpuSlots ?? facts.gpuSlots) : 0,
    }
  }

  /** @throws ApiError 400 and 501; then nothing is changed. */
  patch(patch: NodePatch): void {
    if (patch.subnet) throw notSupported('changing the subnet of the node')
    if (patch.gpus?.length) throw notSupported('slots per GPU')
    if (patch.gpu_encoder_slots != null) throw notSupported('GPU encoder slots')
    const values = this.values
    const positive = (name: string, value: number | null | undefined) => {
      if (value == null) return undefined
      if (!(value > 0)) throw badRequest(`${name} must be more than 0, not ${value}`)
      return value
    }
    const next: NodeValues = {
      ...values,
      cpuAllocationRate: positive('cpu_allocation_rate', patch.cpu_allocation_rate) ?? values.cpuAllocationRate,
      memoryAllocationRate:
        positive('memory_allocation_rate', patch.memory_allocation_rate) ?? values.memoryAllocationRate,
      tags: patch.tags ?? values.tags,
      unschedulable: patch.unschedulable ?? patch.unscheduable ?? values.unschedulable,
    }
    const optional = {
      cpus: positive('cpus', patch.cpus),
      memory: positive('memory', bytesOf(patch.memory)),
      gpuSlots: patch.gpu_slots ?? undefined,
      publicAddress: patch.public_address ?? undefined,
    }
    for (const [key, value] of Object.entries(optional)) if (value !== undefined) Object.assign(next, { [key]: value })
    this.#store.settings.put({ id: 'node', value: next })
  }
}

/** Sizes as AMS writes them: whole numbers with kB, MB, GB … of 1024, case matters. */
function bytesOf(size: string | number | null | undefined): number | undefined {
  if (typeof size !== 'string') return size ?? undefined
  const match = /^(\d+)(B|kB|MB|GB|TB|PB)?$/.exec(size)
  if (!match) throw badRequest(`memory: ${JSON.stringify(size)} is not a size such as "16GB"`)
  return Number(match[1]) * 1024 ** ['B', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(match[2] ?? 'B')
}
