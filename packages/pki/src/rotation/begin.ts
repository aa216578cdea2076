// The rotations of an authority: which work belongs to which plan.

import { AuditLog } from '../authority/audit.ts'
import { InvalidRequestError } from '../errors.ts'
import type { SecretStore } from '../secrets/store.ts'
import type { Consumer } from './consumer.ts'
import { IntermediateWork } from './intermediate.ts'
import { LeafWork } from './leaf.ts'
import type { Plan, Subject } from './plan.ts'
import { RootWork } from './root.ts'
import { Rotation } from './rotation.ts'
import { SecretWork } from './secret.ts'
import type { Work, Workplace } from './work.ts'

export type RotationOptions = {
  /** Where the root's key is, when it is kept elsewhere: needed to begin, and for a root to finish. */
  rootDirectory?: string
  /** Needed for the rotation of a secret. */
  secrets?: SecretStore
}

/** The rotation of an authority's directory: one at a time. */
export function openRotation(directory: string, options: RotationOptions = {}): Rotation {
  const log = new AuditLog(directory)
  const work = (plan: Plan, place: Workplace) => workOf(plan, place, options)
  return new Rotation(directory, { work, audit: (entry) => log.append(entry) })
}

export type PlanOptions = {
  /** Who else gets a new key and leaf when the root is changed; `all` that can. */
  reissue?: readonly string[] | 'all'
  /** 0 unless said. */
  overlapSeconds?: number
}

/** The plan of a rotation, which may be announced before it is begun. */
export function planRotation(subject: Subject, consumers: Consumer[], options: PlanOptions = {}): Plan {
  const { overlapSeconds = 0, reissue = [] } = options
  const able = consumers.filter(({ files }) => files.certificate !== undefined && files.key !== undefined)
  const names = (list: Consumer[]) => list.map(({ name }) => name)
  const plan = (reissued: string[]): Plan => ({ subject, consumers, reissue: reissued, overlapSeconds })
  if (subject.kind === 'root') return plan(reissue === 'all' ? names(able) : [...reissue])
  if (reissue.length > 0) throw new InvalidRequestError('who is reissued is chosen for the rotation of a root only')
  if (subject.kind === 'intermediate') return plan(names(able.filter(({ purpose }) => purpose === subject.purpose)))
  return plan(subject.kind === 'leaf' ? [subject.consumer] : [])
}

function workOf({ subject, overlapSeconds }: Plan, place: Workplace, options: RotationOptions): Work {
  const { rootDirectory, secrets } = options
  switch (subject.kind) {
    case 'root':
      return new RootWork(place, { ...subject, ...(rootDirectory && { rootDirectory }) })
    case 'intermediate':
      return new IntermediateWork(place, { ...subject, ...(rootDirectory && { rootDirectory }) })
    case 'leaf':
      return new LeafWork(place, subject)
    case 'secret':
      return new SecretWork(place, secrets, subject.secret, overlapSeconds)
  }
}
