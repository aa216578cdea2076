// What is refused before a rotation begins, or before a phase of it does.
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Authority } from '../authority/authority.ts'
import { InvalidRequestError, RotationWaitingError } from '../errors.ts'
import { checkConsumers } from './consumer.ts'
import { checkLeaf } from './leaves.ts'
import { leavesOf, type Plan } from './plan.ts'
import type { Progress } from './progress.ts'

/** @throws {InvalidRequestError} for a plan that cannot be carried out */
export async function checkPlan(plan: Plan, authority: Authority): Promise<void> {
  const { subject, consumers, reissue, overlapSeconds } = plan
  checkConsumers(consumers)
  if (!(overlapSeconds >= 0)) throw new InvalidRequestError('the overlap must be 0 or more seconds')
  for (const name of reissue) {
    const consumer = consumers.find((one) => one.name === name)
    if (!consumer) throw new InvalidRequestError(`"${name}" is to be reissued and is no consumer`)
    if (consumer.files.certificate === undefined || consumer.files.key === undefined)
      throw new InvalidRequestError(`consumer "${name}" cannot be reissued: it names no files for certificate and key`)
    if (subject.kind === 'intermediate' && consumer.purpose !== subject.purpose)
      throw new InvalidRequestError(`consumer "${name}" cannot be reissued: it has no leaf of ${subject.purpose}`)
  }
  if (subject.kind === 'leaf' && reissue.join() !== subject.consumer)
    throw new InvalidRequestError('the rotation of a leaf reissues that leaf and no other')
  for (const { name, files } of consumers) {
    for (const path of Object.values(files)) {
      if (!(await stat(dirname(path)).catch(() => undefined))?.isDirectory())
        throw new InvalidRequestError(`consumer "${name}": the directory of ${path} is not there`)
    }
  }
  const shown = leavesOf(plan)
  for (const consumer of consumers) if (shown.includes(consumer.name)) await checkLeaf(consumer, authority)
}

/** @throws {RotationWaitingError} when the old and the new have not been in use together for long enough */
export function refuseHaste({ plan, entered, acknowledged }: Progress): void {
  const times = [entered, ...Object.values(acknowledged).map(({ at }) => at)].map((at) => Date.parse(at))
  const until = Math.max(...times) + plan.overlapSeconds * 1000
  if (Date.now() < until)
    throw new RotationWaitingError(
      `both must be in use until ${new Date(until).toISOString()}: what the old one made is good until then`,
    )
}
