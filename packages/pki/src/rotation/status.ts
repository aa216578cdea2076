// Where a rotation is, for people and programs.
import { type Consumer, type Need, needOf } from './consumer.ts'
import { announce, changesBetween, type Plan, phasesOf } from './plan.ts'
import { concerned, type Direction, type Progress, type Stage, stageAfter } from './progress.ts'

export type ConsumerStatus = { name: string; need: Need; acknowledged: boolean; behind: boolean }
export type Status = {
  id: string
  subject: Plan['subject']
  stage: Stage
  direction: Direction
  step: number
  /** What comes next in the direction given; absent when it has ended. */
  next?: Stage
  /** Those that this step concerns. */
  consumers: ConsumerStatus[]
  ended?: 'finished' | 'aborted'
}

export function statusOf(progress: Progress): Status {
  const { id, plan, stage, direction, step, behind, ended, acknowledged } = progress
  const next = ended ? undefined : stageAfter(progress, direction)
  const consumers = concerned(progress).map((consumer) => ({
    name: consumer.name,
    need: needNow(progress, consumer),
    acknowledged: acknowledged[consumer.name] !== undefined,
    behind: behind.includes(consumer.name),
  }))
  const end = { ...(next !== undefined && { next }), ...(ended !== undefined && { ended }) }
  return { id, subject: plan.subject, stage, direction, step, ...end, consumers: ended ? [] : consumers }
}

/** "the intermediate of etcd" */
export function describeSubject({ subject }: Pick<Plan, 'subject'>): string {
  switch (subject.kind) {
    case 'root':
      return 'the root'
    case 'intermediate':
      return `the intermediate of ${subject.purpose}`
    case 'leaf':
      return `the leaf of ${subject.consumer}`
    case 'secret':
      return `the secret ${subject.secret}`
  }
}

/** What a consumer has to do in this step; who is behind may have missed any of the changes. */
function needNow({ plan, stage, direction, behind }: Progress, consumer: Consumer): Need {
  if (stage === 'discard') return 'none'
  if (behind.includes(consumer.name)) {
    const all = announce(plan).filter(({ consumer: name }) => name === consumer.name)
    return needOf(consumer, [...new Set(all.flatMap(({ changes }) => changes))])
  }
  const phases = phasesOf(plan)
  const before = phases[phases.indexOf(stage) + (direction === 'forward' ? -1 : 1)]
  return before === undefined ? 'none' : needOf(consumer, changesBetween(plan, before, stage, consumer))
}
