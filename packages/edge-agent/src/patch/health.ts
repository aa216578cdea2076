// How the machine is before a patch and after it. Only what is worse than before counts, and no server elsewhere: that one
// cannot be reached is never a reason to take a patch back.
import type { MachineWatch } from '../host/machine.ts'
import type { Health } from '../store/patch-records.ts'
import type { Store } from '../store/store.ts'
import type { Probe } from './probe.ts'

/** Below this part the pool counts as full: AMS keeps as much free. */
const scarce = 0.05
/** Of the instances that were running this part may fail meanwhile, and one always: applications crash by themselves. */
const mayFail = 0.1
/** Milliseconds by which a boot may be longer at any rate. */
const noise = 1000
/** Milliseconds. */
const apiPatience = 10_000

export type HealthParts = {
  machine: MachineWatch
  store: Store
  probe: Probe
  /** Asks the agent's own API for something, as a client does. */
  askApi: (signal: AbortSignal) => Promise<void>
}

export class HealthGate {
  readonly #parts: HealthParts

  constructor(parts: HealthParts) {
    this.#parts = parts
  }

  /** @param baseline what it is compared to: a guest that is slow to boot is given two more chances. */
  async measure(signal: AbortSignal, baseline?: Health, slowdown = 1): Promise<Health> {
    const { machine, store, probe, askApi } = this.#parts
    await machine.look()
    const { facts, online } = machine
    const limit = AbortSignal.any([signal, AbortSignal.timeout(apiPatience)])
    const health: Health = {
      lxd: online,
      apiProblem: await askApi(limit).then(
        () => undefined,
        (error: Error) => error.message,
      ),
      gpus: facts?.gpus.length ?? 0,
      diskFree: facts && facts.disk > 0 ? facts.diskFree / facts.disk : 0,
      running: store.instances.list().flatMap(({ id, status, warm }) => (status === 'running' && !warm ? [id] : [])),
    }
    if (!online) return health
    const most = longestBoot(baseline?.bootMilliseconds, slowdown)
    return { ...health, ...(await probe.boot(undefined, most, signal)) }
  }
}

/** A guest of half a second takes twice as long where the machine is busy, whatever the patch. */
export const longestBoot = (before: number | undefined, slowdown: number): number =>
  before === undefined ? Number.POSITIVE_INFINITY : Math.max(before * slowdown, before + noise)

/** What is wrong now and was not before, in words. */
export function newFaults(before: Health, after: Health, slowdown: number): string[] {
  const faults: string[] = []
  if (before.lxd && !after.lxd) faults.push('LXD does not answer')
  if (before.apiProblem === undefined && after.apiProblem !== undefined)
    faults.push(`the agent's API does not answer: ${after.apiProblem}`)
  if (after.gpus < before.gpus) faults.push(`${before.gpus - after.gpus} of ${before.gpus} GPUs are gone`)
  if (before.diskFree >= scarce && after.diskFree < scarce && after.lxd)
    faults.push('less than 5% of the storage pool is free')
  const booted = before.bootMilliseconds
  if (booted !== undefined && after.bootProblem !== undefined) faults.push(`no guest boots: ${after.bootProblem}`)
  if (booted !== undefined && (after.bootMilliseconds ?? 0) > longestBoot(booted, slowdown))
    faults.push(`a guest takes ${after.bootMilliseconds} ms to boot, and took ${booted} ms before`)
  return faults
}

/** Instances that were running and have failed since, where they are more than fail by themselves. */
export function failedSince(before: Health, store: Store): string[] {
  const failed = before.running.filter((id) => store.instances.get(id)?.status === 'error')
  return failed.length > Math.max(1, before.running.length * mayFail)
    ? [`${failed.length} of ${before.running.length} running instances have failed`]
    : []
}
