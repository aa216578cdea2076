// What a rotation does, as data: its phases, and what each consumer's files hold in each of them. Pure: the engine, the
// announcement and the tests all read this one table.
//
// Invariant: what a consumer holds in a phase works with what any other consumer holds in that phase, in the one before
// and in the one after. So consumers may be one phase apart, in either direction, and never two.
import type { KeyType } from '../authority/key.ts'
import type { Purpose } from '../authority/profile.ts'
import { type Change, type Consumer, type FileRole, type Need, needOf } from './consumer.ts'

export const phaseNames = ['prepare', 'distribute', 'switch', 'reissue', 'drop', 'finish'] as const
export type Phase = (typeof phaseNames)[number]

export type Subject =
  /** `key`: the type of the new one's, if it is to be another. `destroyKey`: the old one's is not kept. */
  | { kind: 'root'; key?: KeyType; destroyKey?: boolean }
  /** `revoke`: what the old one signed is revoked at the end. */
  | { kind: 'intermediate'; purpose: Purpose; revoke: boolean }
  | { kind: 'leaf'; consumer: string; revoke: boolean }
  | { kind: 'secret'; secret: string }

export type Plan = {
  subject: Subject
  consumers: Consumer[]
  /** Names of consumers that get a new key and leaf. */
  reissue: string[]
  /** Seconds that both must have been in use before the old one is dropped: as long as what was made with it lives. */
  overlapSeconds: number
}

export type Side = 'old' | 'new'
/** A certificate, key or secret, by what it is. `cross` is the new root's key, certified by the old root. */
export type Ref =
  | 'cross'
  | `root ${Side}`
  | `secret ${Side}`
  | `intermediate ${Purpose} ${Side}`
  | `leaf ${string} ${Side}`
  | `key ${string} ${Side}`
export type Material = Partial<Record<FileRole, Ref[]>>

/** The phases of a plan, first to last. What nobody needs is left out. */
export function phasesOf({ subject, reissue }: Plan): Phase[] {
  const reissued = subject.kind === 'intermediate' || (subject.kind === 'root' && reissue.length > 0)
  return phaseNames.filter((phase) => phase !== 'reissue' || reissued)
}

/** What a consumer's files hold in a phase. A file that the rotation never changes is left out: it is not touched. */
export function materialOf(plan: Plan, phase: Phase, consumer: Consumer): Material {
  const material = contentOf(plan, phase, consumer)
  const others = phaseNames.map((other) => contentOf(plan, other, consumer))
  const changing = (role: FileRole) => others.some((other) => other[role]?.join() !== material[role]?.join())
  const touched = Object.entries(material).filter(([role]) => changing(role as FileRole))
  return Object.fromEntries(touched)
}

function contentOf(plan: Plan, phase: Phase, consumer: Consumer): Material {
  const { files } = consumer
  return {
    ...(files.trust !== undefined && { trust: trustOf(plan, phase, consumer) }),
    ...(files.certificate !== undefined && certificateOf(plan, phase, consumer)),
    ...(files.pins !== undefined && { pins: pinsOf(plan, phase, consumer) }),
    ...(files.secret !== undefined && { secret: secretOf(plan, phase, consumer) }),
  }
}

/** What changes for a consumer between two phases. */
export function changesBetween(plan: Plan, before: Phase, after: Phase, consumer: Consumer): Change[] {
  const [one, other] = [materialOf(plan, before, consumer), materialOf(plan, after, consumer)]
  const differ = (a: Ref[] = [], b: Ref[] = []) => a.join() !== b.join()
  const found: [Change, boolean][] = [
    ['trust', differ(one.trust, other.trust)],
    ['chain', differ(one.certificate?.slice(1), other.certificate?.slice(1))],
    ['leaf', differ(one.certificate?.slice(0, 1), other.certificate?.slice(0, 1))],
    ['pins', differ(one.pins, other.pins)],
    ['secret', differ(one.secret, other.secret)],
  ]
  return found.filter(([, differs]) => differs).map(([change]) => change)
}

/** The consumers whose leaf is shown or trusted by itself in any phase. */
export function leavesOf(plan: Plan): string[] {
  const refs = phaseNames.flatMap((phase) =>
    plan.consumers.flatMap((consumer) => Object.values(materialOf(plan, phase, consumer)).flat()),
  )
  const names = refs.map((ref) => ref.split(' ')).flatMap(([kind, name]) => (kind === 'leaf' && name ? [name] : []))
  return [...new Set(names)]
}

export type Announcement = { phase: Phase; consumer: string; changes: Change[]; need: Need }

/** Everything that consumers will have to do, before anything is done. */
export function announce(plan: Plan): Announcement[] {
  const phases = phasesOf(plan)
  return phases.slice(1).flatMap((phase, index) =>
    plan.consumers.flatMap((consumer) => {
      const found = changesBetween(plan, phases[index] ?? phase, phase, consumer)
      return found.length > 0 ? [{ phase, consumer: consumer.name, changes: found, need: needOf(consumer, found) }] : []
    }),
  )
}

function trustOf({ subject }: Plan, phase: Phase, { anchor, singleAnchor }: Consumer): Ref[] {
  if (anchor === undefined) return []
  const both = between(phase, 'distribute', 'drop')
  const late = reached(phase, 'drop')
  if (anchor === 'root') {
    if (subject.kind !== 'root') return ['root old']
    return both ? ['root old', 'root new'] : [late ? 'root new' : 'root old']
  }
  const [old, next] = [`intermediate ${anchor} old`, `intermediate ${anchor} new`] as const
  // A new root leaves subject and key of the intermediate as they are: each of its two certificates does for what the
  // other one signed. So this anchor changes once, and as late as can be.
  if (subject.kind === 'root') return [late ? next : old]
  if (subject.kind !== 'intermediate' || subject.purpose !== anchor) return [old]
  return both && !singleAnchor ? [old, next] : [late ? next : old]
}

function certificateOf(plan: Plan, phase: Phase, consumer: Consumer): Material {
  const { subject } = plan
  const { name, purpose, files } = consumer
  if (purpose === undefined) return {}
  const side = sideOf(plan, phase, name)
  const old: Ref[] = [`intermediate ${purpose} old`]
  let chain = old
  if (subject.kind === 'root' && reached(phase, 'switch')) chain = [`intermediate ${purpose} new`, 'cross']
  if (subject.kind === 'intermediate' && subject.purpose === purpose && side === 'new')
    chain = [`intermediate ${purpose} new`]
  return {
    certificate: [`leaf ${name} ${side}`, ...chain],
    ...(files.key !== undefined && { key: [`key ${name} ${side}`] }),
  }
}

/** Which leaf a consumer shows. */
function sideOf({ subject, reissue }: Plan, phase: Phase, name: string): Side {
  if (!reissue.includes(name)) return 'old'
  return reached(phase, subject.kind === 'leaf' ? 'switch' : 'reissue') ? 'new' : 'old'
}

function pinsOf({ subject, reissue }: Plan, phase: Phase, consumer: Consumer): Ref[] {
  const both = between(phase, 'distribute', 'drop')
  const always = (consumer.pins ?? []).flatMap((name): Ref[] => {
    const [old, next] = [`leaf ${name} old`, `leaf ${name} new`] as const
    if (!reissue.includes(name)) return [old]
    return both ? [old, next] : [reached(phase, 'drop') ? next : old]
  })
  // Who reads one anchor only cannot know both intermediates: it is told the new leaves one by one.
  const bridged =
    consumer.singleAnchor && subject.kind === 'intermediate' && subject.purpose === consumer.anchor && both
      ? reissue.filter((name) => name !== consumer.name).map((name): Ref => `leaf ${name} new`)
      : []
  return [...new Set([...always, ...bridged])]
}

function secretOf({ subject }: Plan, phase: Phase, { secret }: Consumer): Ref[] {
  if (subject.kind !== 'secret' || subject.secret !== secret?.name) return ['secret old']
  if (secret.use === 'presents') return [reached(phase, 'switch') ? 'secret new' : 'secret old']
  if (between(phase, 'distribute', 'drop')) return ['secret old', 'secret new']
  return [reached(phase, 'drop') ? 'secret new' : 'secret old']
}

function reached(phase: Phase, wanted: Phase): boolean {
  return phaseNames.indexOf(phase) >= phaseNames.indexOf(wanted)
}

function between(phase: Phase, first: Phase, behind: Phase): boolean {
  return reached(phase, first) && !reached(phase, behind)
}
