// Patching as the API and the command line tell it: what is there, what comes next, when and why.
import type { PatchRecord } from '../store/patch-records.ts'
import type { Patching } from './engine.ts'
import { deadlineOf, verdictOn } from './plan.ts'

const time = (milliseconds: number) =>
  Number.isFinite(milliseconds) && milliseconds > 0 ? new Date(milliseconds).toISOString() : ''

export type PatchView = {
  id: string
  kind: string
  subject: string
  from: string
  to: string
  title: string
  urgent: boolean
  state: string
  /** What comes next, RFC 3339 when, and why. */
  next: string
  next_at: string
  reason: string
  offered_at: string
  /** It goes in then at the latest. */
  deadline: string
  last_error: string
}

export function renderPatches(patching: Patching) {
  const situation = patching.situation()
  return {
    checked_at: time(patching.checkedAt),
    next_check_at: time(patching.nextCheckAt),
    problems: Object.fromEntries(patching.problems),
    holds: situation.holds.map(({ what, until, reason }) => ({ what, until: time(until), reason })),
    patches: patching.patches.list().map((patch): PatchView => {
      const { id, kind, subject, from, to, title, urgent, state, lastError, offeredAt } = patch
      return {
        ...{ id, kind, subject, from, to, title, urgent, state, last_error: lastError },
        ...nextOf(patch, patching),
        offered_at: time(offeredAt),
        deadline: time(deadlineOf(patch, situation.policy)),
      }
    }),
    ended: patching.patches.ends().map(({ kind, subject, from, to, title, at, outcome, reason }) => ({
      ...{ kind, subject, from, to, title, outcome, reason },
      at: time(at),
    })),
  }
}

function nextOf(patch: PatchRecord, patching: Patching): Pick<PatchView, 'next' | 'next_at' | 'reason'> {
  const situation = patching.situation()
  const later = patch.notBefore > situation.now ? time(patch.notBefore) : ''
  switch (patch.state) {
    case 'pending':
    case 'fetching':
      return { next: 'fetch', next_at: later, reason: '' }
    case 'ready': {
      const verdict = verdictOn(patch, situation)
      const next_at = verdict.go ? later : time(Math.max(verdict.until, patch.notBefore))
      return { next: 'apply', next_at, reason: verdict.why }
    }
    case 'reverting':
      return { next: 'take back', next_at: later, reason: patch.reason }
    default:
      return { next: patch.state, next_at: later, reason: '' }
  }
}
