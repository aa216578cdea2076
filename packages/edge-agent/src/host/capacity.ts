// What the machine has, what its instances have reserved, and whether one more fits. Pure: no I/O.
//
// CPU, memory and GPU slots are held by an instance from its acceptance until it is stopped or has failed; its disk until
// it is deleted. Rates (overcommit) and defaults are AMS's: CPU 4, memory 2, GPU slots 32 (NVIDIA), 10 (AMD, Intel).
import type { Amounts, InstanceRecord } from '../store/records.ts'

export type Machine = {
  cpus: number
  /** Bytes. */
  memory: number
  /** Bytes of the storage pool. */
  disk: number
  /** Bytes of the storage pool that are not used by anything. */
  diskFree: number
  gpuSlots: number
}

export type Rates = { cpuAllocationRate: number; memoryAllocationRate: number }

/** What AMS gives a container when nothing is asked for: 2 CPUs, 3 GiB of memory, 3 GiB of disk. */
export const defaultAmounts: Amounts = { cpus: 2, memory: 3 * 2 ** 30, disk: 3 * 2 ** 30, gpuSlots: 0 }

export function reserved(instances: readonly InstanceRecord[]): Amounts {
  const total = { cpus: 0, memory: 0, disk: 0, gpuSlots: 0 }
  for (const { amounts, noDiskReserve, ...record } of instances) {
    if (!noDiskReserve) total.disk += amounts.disk
    if (!holdsMore(record)) continue
    total.cpus += amounts.cpus
    total.memory += amounts.memory
    total.gpuSlots += amounts.gpuSlots
  }
  return total
}

/** Whether an instance holds CPU, memory and GPU slots, and not only its disk. */
export function holdsMore({ goal, status }: Pick<InstanceRecord, 'goal' | 'status'>): boolean {
  if (status === 'stopped' || status === 'error') return goal === 'running'
  return true
}

/** @returns what is lacking, in words, or undefined when it fits. `others` are the instances besides the wanted one. */
export function lacks(
  machine: Machine,
  rates: Rates,
  others: readonly InstanceRecord[],
  want: Amounts,
  newDisk: boolean,
): string | undefined {
  const used = reserved(others)
  const lines: string[] = []
  const compare = (what: string, wanted: number, total: number, taken: number, show: (amount: number) => string) => {
    if (wanted > 0 && taken + wanted > total)
      lines.push(`${what}: ${show(wanted)} wanted, ${show(Math.max(0, total - taken))} free of ${show(total)}`)
  }
  compare('CPUs', want.cpus, machine.cpus * rates.cpuAllocationRate, used.cpus, String)
  compare('memory', want.memory, machine.memory * rates.memoryAllocationRate, used.memory, megabytes)
  compare('GPU slots', want.gpuSlots, machine.gpuSlots, used.gpuSlots, String)
  if (newDisk) {
    compare('disk', want.disk, machine.disk, used.disk, megabytes)
    // AMS keeps a twentieth of the physical disk free, whatever the reservations say.
    if (machine.diskFree < machine.disk / 20)
      lines.push(`disk: less than 5% of ${megabytes(machine.disk)} is really free`)
  }
  return lines.length > 0 ? lines.join('; ') : undefined
}

const megabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MiB`
