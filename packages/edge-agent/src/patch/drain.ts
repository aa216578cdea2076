// Before a patch that restarts what Android systems stand on: nothing is launched any more, and what runs gets time to end.
// What still runs then is stopped, written down, and started again afterwards.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Host } from '../host/host.ts'
import type { InstanceRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

export type DrainParts = { store: Store; host: Host }

/** Why nothing can be launched at the moment; undefined where it can. */
export function drainReason(store: Store): string | undefined {
  const patch = store.patches.list().find(({ drained }) => drained !== undefined)
  return patch && `this machine is being patched (${patch.title})`
}

/** Waits until no instance runs, or stops them when their time is over. @param time milliseconds. */
export async function drain({ store, host }: DrainParts, patch: string, time: number, signal: AbortSignal) {
  const deadline = performance.now() + time
  const wanted = () => store.instances.list().filter(({ goal, warm }) => goal === 'running' && !warm)
  while (wanted().length > 0 && performance.now() < deadline) await sleep(250, undefined, { signal })
  const left = wanted()
  store.patches.change(patch, (latest) => ({
    ...latest,
    drained: [...new Set([...(latest.drained ?? []), ...left.map(({ id }) => id)])],
  }))
  for (const { id } of left) {
    store.instances.change(id, (latest) => ({ ...latest, goal: 'stopped' }))
    host.wake(id)
  }
  const busy = ({ status }: InstanceRecord) => status !== 'stopped' && status !== 'error'
  while (store.instances.list().some((record) => record.goal === 'stopped' && !record.warm && busy(record)))
    await sleep(250, undefined, { signal })
}

/** Starts again what was stopped for it. */
export function undrain({ store, host }: DrainParts, patch: string): void {
  for (const id of store.patches.get(patch)?.drained ?? []) {
    const record = store.instances.get(id)
    if (record?.goal !== 'stopped') continue
    store.instances.change(id, (latest) => ({ ...latest, goal: 'running', status: 'prepared', lastStart: undefined }))
    host.wake(id)
  }
  store.patches.change(patch, (latest) => ({ ...latest, drained: undefined }))
}
