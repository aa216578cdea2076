// The engine: enters one phase after the other, in either direction, and waits for every consumer in between.
//
// Invariants:
// - a phase is written down before it is entered, and entering it may be repeated: nothing is lost at a SIGKILL;
// - no phase begins before all consumers that the one before concerns have acknowledged it, or were passed over by name;
// - one process at a time enters phases; acknowledgements of several processes do not overwrite each other;
// - only the last phase, `finish`, cannot be turned back.
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditEntry } from '../authority/audit-line.ts'
import { exclusively } from '../authority/lock.ts'
import { privateDirectory, readIfThere, syncDirectory, writeNew } from '../authority/storage.ts'
import { InvalidRequestError, RotationConflictError, RotationMissingError, RotationWaitingError } from '../errors.ts'
import { checkPlan, refuseHaste } from './check.ts'
import { deliverFiles } from './deliver.ts'
import { filesFor } from './files.ts'
import { keepLeaf, makeLeaf } from './leaves.ts'
import { leavesOf, type Plan } from './plan.ts'
import {
  concerned,
  type Direction,
  enter,
  outstanding,
  type Progress,
  progressPath,
  readProgress,
  stageAfter,
  writeProgress,
} from './progress.ts'
import { describeSubject, type Status, statusOf } from './status.ts'
import { type Work, Workplace } from './work.ts'

/** What a rotation needs beside its plan. */
export type Surroundings = {
  /** The work of a plan's kind. */
  work: (plan: Plan, place: Workplace) => Work
  audit: (entry: AuditEntry) => Promise<void>
}

export class Rotation {
  readonly directory: string
  readonly #place: Workplace
  readonly #surroundings: Surroundings

  constructor(directory: string, surroundings: Surroundings) {
    this.directory = directory
    this.#place = new Workplace(directory)
    this.#surroundings = surroundings
  }

  /**
   * Writes a plan down and begins it.
   * @throws {RotationConflictError} when another one is not over
   * @throws {InvalidRequestError} for a plan that cannot be carried out
   */
  async begin(plan: Plan): Promise<Status> {
    return this.#alone(async () => {
      const before = await readProgress(this.directory)
      if (before)
        throw new RotationConflictError(`${describeSubject(before.plan)} is being rotated: finish or abort it`)
      await checkPlan(plan, await this.#place.authority())
      await this.#surroundings.work(plan, this.#place).check()
      await this.#clear()
      const at = new Date().toISOString()
      const id = `${at.replace(/[-:]|\.\d+/g, '')}-${plan.subject.kind}`
      const empty = { version: 1 as const, id, plan, step: 0, entered: at, acknowledged: {}, behind: [], history: [] }
      return this.#go(enter({ ...empty, direction: 'forward', stage: 'prepare' }, 'prepare', 'forward'))
    })
  }

  /** @throws {RotationMissingError} when nothing is being rotated */
  async status(): Promise<Status> {
    return statusOf(await this.#current())
  }

  /** The plan that is being carried out. @throws {RotationMissingError} when there is none */
  async plan(): Promise<Plan> {
    return (await this.#current()).plan
  }

  /** Does again what the phase does: files that were lost or changed since are written anew. */
  async repeat(): Promise<Status> {
    return this.#alone(async () => this.#converge(await this.#current()))
  }

  /**
   * Enters the next phase in the direction of the rotation.
   * @param force names of consumers that are not waited for
   * @throws {RotationWaitingError} naming those that have not acknowledged, or saying until when both must be in use
   */
  async next({ force = [] }: { force?: readonly string[] } = {}): Promise<Status> {
    return this.#alone(async () => {
      // A killed process may have left this phase half entered.
      const { progress, ended } = await this.#settle(await this.#current())
      if (ended) return statusOf(progress)
      const waited = outstanding(progress).map(({ name }) => name)
      const missing = waited.filter((name) => !force.includes(name))
      if (missing.length > 0)
        throw new RotationWaitingError(`${progress.stage} was not acknowledged by ${missing.join(', ')}`)
      const stage = stageAfter(progress, progress.direction)
      if (stage === undefined) throw new Error('a rotation that is over was not put away')
      if (stage === 'drop' && progress.direction === 'forward' && force.length === 0) refuseHaste(progress)
      return this.#go(enter(progress, stage, progress.direction, waited))
    })
  }

  /** Turns back: to the phase before, then to the one before that with each `next`. */
  async abort(): Promise<Status> {
    return this.#turn('back')
  }

  /** Goes forward again after an abort. */
  async resume(): Promise<Status> {
    return this.#turn('forward')
  }

  /**
   * Writes down that a consumer works with what the step gave it.
   * @param step the number of the step it is meant for; the current one unless said
   * @throws {RotationConflictError} when the rotation is at another step
   */
  async acknowledge(name: string, step?: number): Promise<Status> {
    return this.#alone(async () => {
      const progress = await this.#current()
      if (step !== undefined && step !== progress.step)
        throw new RotationConflictError(`the rotation is at step ${progress.step}, not ${step}`)
      if (!progress.plan.consumers.some((one) => one.name === name))
        throw new InvalidRequestError(`"${name}" is no consumer of this rotation`)
      if (!concerned(progress).some((one) => one.name === name) || progress.acknowledged[name])
        return statusOf(progress)
      const acknowledged = { ...progress.acknowledged, [name]: { at: new Date().toISOString() } }
      const after = { ...progress, acknowledged }
      await writeProgress(this.directory, after)
      await this.#audit('acknowledge', progress.plan, { consumer: name, step: progress.step })
      return statusOf(after)
    })
  }

  #turn(direction: Direction): Promise<Status> {
    return this.#alone(async () => {
      const progress = await this.#current()
      if (progress.stage === 'finish' || progress.stage === 'discard')
        throw new RotationConflictError(`${progress.stage} cannot be turned back; go on with next`)
      if (progress.direction === direction) return this.#converge(progress)
      const stage = stageAfter(progress, direction)
      if (stage === undefined) throw new Error(`nothing comes after ${progress.stage}`)
      // Consumers hold what this phase or the one behind it gave them; the new direction leads to that other one. Whoever
      // was passed over stays behind.
      return this.#go(enter(progress, stage, direction, progress.behind))
    })
  }

  async #go(progress: Progress): Promise<Status> {
    await writeProgress(this.directory, progress)
    return this.#converge(progress)
  }

  async #converge(progress: Progress): Promise<Status> {
    return statusOf((await this.#settle(progress)).progress)
  }

  /** Makes everything as the stage wants it. */
  async #settle(progress: Progress): Promise<{ progress: Progress; ended: boolean }> {
    const { plan, stage, direction } = progress
    const work = this.#surroundings.work(plan, this.#place)
    if (progress.ended === undefined) await this.#noteEntered(progress)
    if (stage === 'finish' || stage === 'discard') {
      // Once it says that it has ended, its files may be gone.
      if (progress.ended === undefined) await (stage === 'finish' ? work.finish() : work.discard())
      return { progress: await this.#end(progress, stage === 'finish' ? 'finished' : 'aborted'), ended: true }
    }
    await privateDirectory(this.#place.at())
    if (stage === 'prepare' && direction === 'forward') await this.#prepare(plan, work)
    await work.enter(stage)
    const place = this.#place
    for (const consumer of plan.consumers)
      await deliverFiles(await filesFor({ plan, phase: stage, consumer }, { work, place }))
    return { progress, ended: false }
  }

  /** A process that was killed may leave a line twice, and never none. */
  async #noteEntered({ plan, stage, direction, step, behind }: Progress): Promise<void> {
    const mark = this.#place.at(`noted-${step}`)
    if ((await readIfThere(mark)) !== undefined) return
    const forced = behind.length > 0 ? { forced: behind } : {}
    await this.#audit('enter', plan, { stage, direction, step, ...forced })
    await privateDirectory(this.#place.at())
    await writeNew(mark, '', 'public')
  }

  async #prepare(plan: Plan, work: Work): Promise<void> {
    const shown = leavesOf(plan)
    for (const consumer of plan.consumers)
      if (shown.includes(consumer.name)) await keepLeaf(consumer, plan.reissue.includes(consumer.name), this.#place)
    await work.prepare()
    if (plan.reissue.length === 0) return
    const issuer = await work.issuer()
    for (const consumer of plan.consumers)
      if (plan.reissue.includes(consumer.name)) await makeLeaf(consumer, this.#place, issuer)
  }

  /** Puts the plan into DIRECTORY/rotations and takes away what it worked with: keys above all. */
  async #end(progress: Progress, ended: 'finished' | 'aborted'): Promise<Progress> {
    const over = { ...progress, ended }
    if (progress.ended === undefined) {
      await this.#audit(ended, progress.plan, { step: progress.step })
      await writeProgress(this.directory, over)
    }
    await this.#clear()
    const archive = this.#place.of('rotations')
    await privateDirectory(archive)
    await rename(progressPath(this.directory), join(archive, `${progress.id}.json`))
    await syncDirectory(archive)
    await syncDirectory(this.directory)
    return over
  }

  /** The lock stays: somebody may be waiting for it. */
  async #clear(): Promise<void> {
    const directory = this.#place.at()
    await mkdir(directory, { recursive: true, mode: 0o700 })
    for (const name of await readdir(directory))
      if (name !== 'lock') await rm(join(directory, name), { recursive: true, force: true })
    await syncDirectory(directory)
  }

  async #current(): Promise<Progress> {
    const progress = await readProgress(this.directory)
    if (!progress) throw new RotationMissingError(`nothing is being rotated in ${this.directory}`)
    return progress
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    await privateDirectory(this.#place.at())
    return exclusively(this.#place.at(), work)
  }

  async #audit(event: string, plan: Plan, more: Omit<AuditEntry, 'action' | 'subject'>): Promise<void> {
    await this.#surroundings.audit({ action: `rotation.${event}`, subject: describeSubject(plan), ...more })
  }
}
