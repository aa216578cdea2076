// What LXD says of an instance.
import { setTimeout as sleep } from 'node:timers/promises'
import { type LxdClient, NotFoundError } from '@anbox/sdk'
import type { Observed } from './plan.ts'
import type { LxdInstance } from './projects.ts'

const lastPower = ({ config }: LxdInstance) => config?.['volatile.last_state.power']

/** What LXD's answer about an instance says. */
export function observed(found: LxdInstance): Observed {
  const power = found.status?.toLowerCase() ?? ''
  return {
    state: 'present',
    power: power === 'running' || power === 'stopped' || power === 'frozen' ? power : 'unknown',
    lastStart: found.last_used_at ?? '',
    wentDownWithMachine: lastPower(found) === 'RUNNING',
  }
}

export async function observe({ instances }: LxdClient, lxdName: string, signal: AbortSignal): Promise<Observed> {
  try {
    let found = await instances.get(lxdName, { signal })
    // LXD says "stopped" before it has noted that the guest stopped by itself; only what stays RUNNING went down with LXD.
    for (let looks = 0; looks < 20 && found.status === 'Stopped' && lastPower(found) === 'RUNNING'; looks += 1) {
      await sleep(100, undefined, { signal })
      found = await instances.get(lxdName, { signal })
    }
    return observed(found)
  } catch (error) {
    if (error instanceof NotFoundError) return { state: 'absent' }
    throw error
  }
}
