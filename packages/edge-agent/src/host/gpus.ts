// Which GPU carries an instance: slots are shares of a GPU, encoder slots its streams of hardware encoding. Pure: no I/O.
import type { VideoEncoder } from '../catalogue/manifest.ts'
import type { GpuShare, InstanceRecord } from '../store/records.ts'
import { holdsMore } from './capacity.ts'
import type { Gpu } from './machine.ts'

/** What instances hold of a GPU, by their ids. */
export function allocationsOf(gpu: Gpu, instances: readonly InstanceRecord[]): Record<string, GpuShare> {
  return Object.fromEntries(
    instances.flatMap((record) =>
      record.gpu?.id === gpu.id && holdsMore(record) ? [[record.id, record.gpu] as const] : [],
    ),
  )
}

/**
 * The share that an instance gets: of the GPU with the most free slots.
 * @returns what is lacking, in words, where there is none.
 */
export function shareFor(
  gpus: readonly Gpu[],
  instances: readonly InstanceRecord[],
  want: { slots: number; type?: string; encoder: VideoEncoder },
): GpuShare | string {
  const { slots, type, encoder } = want
  const free = gpus
    .filter((gpu) => gpu.type !== 'none' && (!type || gpu.type === type))
    .map((gpu) => {
      const taken = Object.values(allocationsOf(gpu, instances))
      const sum = (key: 'slots' | 'encoderSlots') => taken.reduce((total, share) => total + share[key], 0)
      return { gpu, slots: gpu.slots - sum('slots'), encoderSlots: gpu.encoderSlots - sum('encoderSlots') }
    })
    .filter((one) => one.slots >= slots)
    .filter((one) => encoder !== 'gpu' || one.encoderSlots >= slots)
    .sort((a, b) => b.slots - a.slots || a.gpu.id - b.gpu.id)
  const [best] = free
  if (!best)
    return `GPU: ${slots} slot(s)${encoder === 'gpu' ? ' with hardware encoding' : ''} wanted, and no ${type ?? ''} GPU has them free`.replace(
      '  ',
      ' ',
    )
  // gpu-preferred goes on with software when the encoder is taken.
  const encoderSlots = encoder !== 'software' && best.encoderSlots >= slots ? slots : 0
  return { id: best.gpu.id, pci: best.gpu.pciAddress, slots, encoderSlots }
}
