// When a patch may go in: pure code over its record, the policy and the time.
import { createHash } from 'node:crypto'
import type { Hold, PatchRecord } from '../store/patch-records.ts'
import type { Policy } from './policy.ts'
import { windowAt } from './window.ts'

export type Situation = {
  /** ms since 1970. */
  readonly now: number
  readonly policy: Policy
  readonly holds: readonly Hold[]
  /** What this machine is told from the others of its fleet by. */
  readonly machine: string
}

/** Whether it may go in now, why, and when to look again if not (ms since 1970). */
export type Verdict =
  | { readonly go: true; readonly why: string }
  | { readonly go: false; readonly until: number; readonly why: string }

/** Security patches wait this part of their wave's time. */
const urgentPart = 1 / 6

export function verdictOn(patch: PatchRecord, { now, policy, holds, machine }: Situation): Verdict {
  if (patch.forced) return { go: true, why: 'somebody asked for it' }
  const deadline = deadlineOf(patch, policy)
  if (now >= deadline) return { go: true, why: 'it has waited as long as the policy allows' }
  const wait = (until: number, why: string): Verdict => ({ go: false, until: Math.min(until, deadline), why })
  const hold = holds.filter((one) => holdsBack(one, patch) && one.until > now).sort((a, b) => b.until - a.until)[0]
  if (hold) return wait(hold.until, `held${hold.reason && `: ${hold.reason}`}`)
  const turn = patch.newestAt + waveDelay(patch, policy, machine)
  if (now < turn) return wait(turn, 'its wave has not begun')
  if (patch.urgent) return { go: true, why: 'it is a security patch' }
  const window = windowAt(policy.windows, policy.zone, now)
  return window.open ? { go: true, why: 'the window is open' } : wait(window.opens, 'outside of the windows')
}

/** ms since 1970: it goes in then, whatever windows, waves and holds say. */
export const deadlineOf = ({ offeredAt }: Pick<PatchRecord, 'offeredAt'>, { longestDeferral }: Policy) =>
  offeredAt + longestDeferral

/** The one to begin with: what has waited longest of the overdue ones, then security, then the order of the kinds. */
export function choose(
  patches: readonly PatchRecord[],
  situation: Situation,
): { patch: PatchRecord; why: string } | undefined {
  const { now, policy } = situation
  const rank = (patch: PatchRecord) => {
    const overdue = now >= deadlineOf(patch, policy)
    return [overdue || patch.forced ? 0 : 1, patch.urgent ? 0 : 1, policy.kinds.indexOf(patch.kind), patch.offeredAt]
  }
  const ready = patches.flatMap((patch) => {
    const verdict = verdictOn(patch, situation)
    return verdict.go ? [{ patch, why: verdict.why, rank: rank(patch) }] : []
  })
  return ready.sort((a, b) => compare(a.rank, b.rank))[0]
}

/** Milliseconds after a version was seen until it is this machine's turn. Which wave that is differs from patch to patch. */
export function waveDelay(
  { kind, subject, to, urgent }: Pick<PatchRecord, 'kind' | 'subject' | 'to' | 'urgent'>,
  { waves }: Policy,
  machine: string,
): number {
  const digest = createHash('sha256').update(`${machine}\n${kind}/${subject}\n${to}`).digest()
  const place = digest.readUInt32BE(0) / 2 ** 32
  const after = (waves.find(({ part }) => place < part) ?? waves.at(-1))?.after ?? 0
  return urgent ? after * urgentPart : after
}

/** A hold is of everything (`""`), of a kind, or of `KIND/SUBJECT`. */
function holdsBack({ what }: Hold, { kind, subject }: PatchRecord): boolean {
  return what === '' || what === kind || what === `${kind}/${subject}`
}

const compare = (a: readonly number[], b: readonly number[]) =>
  a.map((value, index) => value - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0
