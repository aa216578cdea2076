// The range of host ids that LXD gives an instance, and nobody else. LXD 5.0.2 counts an instance that is just being made, or
// whose making was cut off, as one that begins at 0, and then gives the next one ids below its range or across another's.
import { setTimeout as sleep } from 'node:timers/promises'
import type { LxdClient } from '@anbox/sdk'
import type { InstanceRecord } from '../store/records.ts'
import type { LxdInstance } from './projects.ts'

const baseKey = 'volatile.idmap.base'
/** Ids in the map of an isolated instance, LXD's default. */
const idRange = 65_536
/** Below this no distribution gives out subordinate ids (SUB_UID_MIN of login.defs(5)). */
const firstSubordinateId = 100_000

/** Whether the id map that begins at `base` is nobody else's. */
export function isOwnRange(base: number, others: readonly Pick<InstanceRecord, 'idBase'>[]): boolean {
  if (!Number.isInteger(base) || base < firstSubordinateId) return false
  return others.every(({ idBase }) => idBase === undefined || Math.abs(idBase - base) >= idRange)
}

/** Waits until an instance that LXD is making has its range, which is some time before it is made. */
export async function untilMapped(
  { instances }: LxdClient,
  lxdName: string,
  made: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  let ended = false
  const end = () => {
    ended = true
  }
  made.then(end, end)
  while (!ended) {
    const found = await instances.get(lxdName, { signal }).catch(() => undefined)
    if (found?.config[baseKey] !== undefined) return
    await Promise.race([sleep(50, undefined, { signal }), made])
  }
}

/** First id of an instance's range. @throws where it is not its own: the instance is thrown away and made again. */
export function ownBase({ name, config }: LxdInstance, others: readonly Pick<InstanceRecord, 'idBase'>[]): number {
  const base = Number(config[baseKey])
  if (!isOwnRange(base, others))
    throw new Error(`LXD gave ${name} an id map that begins at ${base}, which is not its own`)
  return base
}
