// DIRECTORY/rotation.json: the plan, and how far it is. It is written before a phase is entered and replaced in one step,
// so whoever comes after a SIGKILL enters the same phase again.
import { join } from 'node:path'
import { privateDirectory, readIfThere, replaceFile } from '../authority/storage.ts'
import { AuthorityDamagedError } from '../errors.ts'
import type { Consumer } from './consumer.ts'
import { changesBetween, type Phase, type Plan, phasesOf } from './plan.ts'

/** `discard` comes where an abort is back at the beginning: what was made is taken away. */
export type Stage = Phase | 'discard'
export type Direction = 'forward' | 'back'

export type Progress = {
  version: 1
  id: string
  plan: Plan
  direction: Direction
  stage: Stage
  /** Counts the phases entered, in either direction: an acknowledgement is for one step only. */
  step: number
  /** When the step was entered, ISO 8601. */
  entered: string
  /** Who acknowledged this step, and when. */
  acknowledged: Record<string, { at: string }>
  /** Who was passed over by force, until it acknowledges a later step. */
  behind: string[]
  /** How it ended. */
  ended?: 'finished' | 'aborted'
  history: { step: number; stage: Stage; direction: Direction; at: string; forced?: string[] }[]
}

export const progressPath = (directory: string) => join(directory, 'rotation.json')

/** @throws {AuthorityDamagedError} when the file is not what it should be */
export async function readProgress(directory: string): Promise<Progress | undefined> {
  const path = progressPath(directory)
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  try {
    const progress = JSON.parse(text) as Progress
    if (progress.version === 1 && progress.plan && progress.step > 0) return progress
  } catch {
    // Said below.
  }
  throw new AuthorityDamagedError(`${path} is not the plan of a rotation (version 1); restore it from a backup`)
}

export async function writeProgress(directory: string, progress: Progress): Promise<void> {
  await privateDirectory(directory)
  await replaceFile(progressPath(directory), `${JSON.stringify(progress, undefined, 2)}\n`, 'public')
}

/** The stage that follows in the direction given; nothing after the last. */
export function stageAfter({ plan, stage }: Progress, direction: Direction): Stage | undefined {
  if (stage === 'discard') return undefined
  const phases = phasesOf(plan)
  const index = phases.indexOf(stage)
  if (direction === 'forward') return phases[index + 1]
  return phases[index - 1] ?? 'discard'
}

/** The state in which the next stage is entered. */
export function enter(progress: Progress, stage: Stage, direction: Direction, forced: string[] = []): Progress {
  const at = new Date().toISOString()
  const step = progress.step + 1
  return {
    ...progress,
    direction,
    stage,
    step,
    entered: at,
    acknowledged: {},
    behind: forced,
    history: [...progress.history, { step, stage, direction, at, ...(forced.length > 0 && { forced }) }],
  }
}

/** Who has something to do in this step: whose files it changes, and who was passed over in the one before. */
export function concerned(progress: Progress): Consumer[] {
  const { plan, stage, direction, behind } = progress
  if (stage === 'discard') return []
  const phases = phasesOf(plan)
  const before = phases[phases.indexOf(stage) + (direction === 'forward' ? -1 : 1)]
  return plan.consumers.filter(
    (consumer) =>
      behind.includes(consumer.name) ||
      (before !== undefined && changesBetween(plan, before, stage, consumer).length > 0),
  )
}

/** Who has to acknowledge before another phase may begin. */
export function outstanding(progress: Progress): Consumer[] {
  return concerned(progress).filter(({ name }) => !progress.acknowledged[name])
}
