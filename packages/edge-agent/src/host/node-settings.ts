// What an operator may say about this machine: rates, ceilings, tags, whether it takes new instances. Kept in the store.
import { bytesOf } from '../catalogue/size.ts'
import { badRequest, notFound, notSupported } from '../errors.ts'
import type { Store } from '../store/store.ts'
import type { Machine, Rates } from './capacity.ts'
import type { Gpu, MachineFacts } from './machine.ts'

export type NodeValues = Rates & {
  /** Ceilings; undefined means all there is. Memory in bytes. */
  cpus?: number
  memory?: number
  gpuSlots?: number
  /** Slots of single GPUs, by their number, where they were set. */
  gpus?: Record<number, { slots?: number; encoderSlots?: number }>
  /** Encoder slots of every GPU, where they were set. */
  gpuEncoderSlots?: number
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
  gpus?: { id: number; slots?: number | null; encoder_slots?: number | null }[] | null
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
    const gpus = this.gpus(facts.gpus)
    return {
      ...facts,
      cpus: Math.min(facts.cpus, cpus ?? facts.cpus),
      memory: Math.min(facts.memory, memory ?? facts.memory),
      gpuSlots: gpus.length > 0 ? (gpuSlots ?? gpus.reduce((sum, { slots }) => sum + slots, 0)) : 0,
    }
  }

  /** The machine's GPUs, with the slots that an operator gave them. */
  gpus(found: readonly Gpu[]): Gpu[] {
    const { gpus = {}, gpuEncoderSlots } = this.values
    return found.map((gpu) => {
      const { slots, encoderSlots } = gpus[gpu.id] ?? {}
      return { ...gpu, slots: slots ?? gpu.slots, encoderSlots: encoderSlots ?? gpuEncoderSlots ?? gpu.encoderSlots }
    })
  }

  /** @throws ApiError 400 and 501; then nothing is changed. */
  patch(patch: NodePatch, known: readonly Gpu[]): void {
    if (patch.subnet) throw notSupported('changing the subnet of the node')
    for (const { id } of patch.gpus ?? []) if (!known.some((gpu) => gpu.id === id)) throw notFound('GPU', String(id))
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
      memory: positive('memory', patch.memory == null ? undefined : bytesOf(patch.memory, 'memory')),
      gpuSlots: patch.gpu_slots ?? undefined,
      gpuEncoderSlots: patch.gpu_encoder_slots ?? undefined,
      gpus: patch.gpus?.length ? { ...values.gpus, ...perGpu(patch.gpus, values.gpus ?? {}) } : undefined,
      publicAddress: patch.public_address ?? undefined,
    }
    for (const [key, value] of Object.entries(optional)) if (value !== undefined) Object.assign(next, { [key]: value })
    this.#store.settings.put({ id: 'node', value: next })
  }
}

function perGpu(given: NonNullable<NodePatch['gpus']>, before: NonNullable<NodeValues['gpus']>) {
  return Object.fromEntries(
    given.map(({ id, slots, encoder_slots: encoderSlots }) => [
      id,
      { ...before[id], ...(slots != null && { slots }), ...(encoderSlots != null && { encoderSlots }) },
    ]),
  )
}
