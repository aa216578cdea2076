// What to do next about one instance: pure code over its record and what LXD says. The runner executes one step, looks
// again and asks again, so a step that was cut off by the agent's death is simply planned anew.
import type { InstanceRecord } from '../store/records.ts'

/** What LXD says of the record's instance. */
export type Observed =
  | { state: 'absent' }
  | {
      state: 'present'
      power: 'running' | 'stopped' | 'frozen' | 'unknown'
      /** LXD's `last_used_at`: when it was last started. */
      lastStart: string
      /** LXD's `volatile.last_state.power`: RUNNING on a stopped instance means that the machine, not the guest, went down. */
      wentDownWithMachine: boolean
    }

export type Step =
  | { do: 'rest' }
  /** Make the LXD instance from the image. */
  | { do: 'make' }
  /** Remove what a cut-off creation left. */
  | { do: 'discard' }
  | { do: 'start' }
  | { do: 'note-start'; lastStart: string }
  | { do: 'check-boot' }
  /** Do what is to be done in the guest before it is `running`. */
  | { do: 'set-up' }
  /** A set-up was cut off: away with what it left. */
  | { do: 'begin-again' }
  | { do: 'stop-hooks' }
  /** Start an instance made ahead once, so that its files have their owners, and stop it before Android. */
  | { do: 'warm-up' }
  | { do: 'freeze' }
  | { do: 'thaw' }
  | { do: 'stop'; force: boolean }
  | { do: 'note-stopped' }
  /** Begin to fail: remember why, before anything is done about it. */
  | { do: 'fail'; message: string }
  | { do: 'keep-logs' }
  | { do: 'note-error' }
  | { do: 'remove' }
  | { do: 'forget' }

export function plan(record: InstanceRecord, observed: Observed): Step {
  if (record.goal === 'deleted') return planDeleted(record, observed)
  if (observed.state === 'present' && !record.made) return { do: 'discard' }
  if (record.failing !== undefined) return planFailing(record, observed)
  if (observed.state === 'absent') return planAbsent(record)
  if (record.goal === 'stopped') return planStopped(record, observed)
  return planRunning(record, observed)
}

function planDeleted(record: InstanceRecord, observed: Observed): Step {
  if (observed.state === 'absent') return { do: 'forget' }
  if (hasStopHooks(record, observed)) return { do: 'stop-hooks' }
  return observed.power === 'stopped' ? { do: 'remove' } : { do: 'stop', force: true }
}

function planFailing(record: InstanceRecord, observed: Observed): Step {
  if (observed.state === 'absent') return { do: 'note-error' }
  if (!record.logsKept) return { do: 'keep-logs' }
  return observed.power === 'stopped' ? { do: 'note-error' } : { do: 'stop', force: true }
}

function planAbsent(record: InstanceRecord): Step {
  if (record.status === 'error') return { do: 'rest' }
  if (!record.made) return { do: 'make' }
  return { do: 'fail', message: 'its LXD instance is gone: somebody removed it behind the agent' }
}

function planStopped(record: InstanceRecord, observed: Observed & { state: 'present' }): Step {
  if (hasStopHooks(record, observed)) return { do: 'stop-hooks' }
  if (observed.power !== 'stopped')
    return { do: 'stop', force: record.status === 'error' || observed.power !== 'running' || record.warm !== undefined }
  if (record.warm && !record.warmReady && record.status !== 'error') return { do: 'warm-up' }
  return record.status === 'stopped' || record.status === 'error' ? { do: 'rest' } : { do: 'note-stopped' }
}

function planRunning(record: InstanceRecord, observed: Observed & { state: 'present' }): Step {
  const { power, lastStart, wentDownWithMachine } = observed
  if (power === 'stopped') {
    if (cutOff(record)) return { do: 'begin-again' }
    if (record.status !== 'started' && record.status !== 'running') return { do: 'start' }
    if (wentDownWithMachine) return { do: 'start' }
    const when = record.status === 'started' ? 'while booting' : 'by itself'
    return { do: 'fail', message: `the guest stopped ${when}; its logs say why` }
  }
  if (power === 'frozen') return { do: record.taken?.thaw ? 'thaw' : 'rest' }
  if (power === 'unknown') return { do: 'fail', message: 'LXD reports the instance in an error state' }
  if (record.lastStart !== lastStart) return { do: 'note-start', lastStart }
  if (record.status === 'running') return { do: record.warm === 'paused' ? 'freeze' : 'rest' }
  if (!record.setUp) return { do: 'check-boot' }
  return { do: cutOff(record) ? 'begin-again' : 'set-up' }
}

/** Only one loop works on an instance, so a set-up that is not done when the loop plans was cut off. */
function cutOff({ status, setUpAt, lastStart }: InstanceRecord): boolean {
  return status === 'started' && setUpAt !== undefined && !setUpAt.done && setUpAt.start === lastStart
}

function hasStopHooks(record: InstanceRecord, observed: Observed & { state: 'present' }): boolean {
  return record.hooksBeforeStop === true && record.failing === undefined && observed.power === 'running'
}
