import { describeSubject, type Status } from '../../rotation/status.ts'
import type { Report } from '../report.ts'
import { table } from '../table.ts'

/** Where a rotation is, and for whom it waits. */
export function said(status: Status): Report {
  const { subject, stage, direction, step, next, ended, consumers } = status
  const what = describeSubject({ subject })
  if (ended) return { text: [ended === 'finished' ? `Changed ${what}` : `Left ${what} as it was`], json: { ...status } }
  const way = direction === 'back' ? ', on the way back' : ''
  const rows = consumers.map(({ name, need, acknowledged, behind }) => [
    name,
    need,
    acknowledged ? 'acknowledged' : behind ? 'passed over before, not acknowledged' : 'not acknowledged',
  ])
  const waits = consumers.some(({ acknowledged }) => !acknowledged)
  return {
    text: [
      `Changing ${what}: ${stage} (step ${step}${way})`,
      ...(rows.length > 0 ? table(['consumer', 'it takes', ''], rows).map((line) => `  ${line}`) : []),
      waits ? `${next} follows when all have acknowledged` : `${next} may follow`,
    ],
    json: { ...status },
  }
}
