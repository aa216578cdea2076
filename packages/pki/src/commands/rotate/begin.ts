import { join } from 'node:path'
import type { KeyType } from '../../authority/key.ts'
import type { Purpose } from '../../authority/profile.ts'
import { planRotation } from '../../rotation/begin.ts'
import { readConsumers } from '../../rotation/consumer.ts'
import { announce, type Plan, type Subject } from '../../rotation/plan.ts'
import { describeSubject } from '../../rotation/status.ts'
import type { Report } from '../report.ts'
import { table } from '../table.ts'
import { type RotateOptions, withRotation } from './open.ts'
import { said } from './said.ts'

type BeginOptions = RotateOptions & { consumers?: string; announce?: boolean; overlap?: number }

export async function root(
  options: BeginOptions & { key?: KeyType; reissue: string[]; destroyKey?: boolean },
): Promise<Report> {
  const { key, reissue, destroyKey } = options
  const subject = { kind: 'root' as const, ...(key && { key }), ...(destroyKey && { destroyKey }) }
  return begin(subject, options, reissue.includes('all') ? 'all' : reissue)
}

export async function intermediate(purpose: Purpose, options: BeginOptions & { revoke?: boolean }): Promise<Report> {
  return begin({ kind: 'intermediate', purpose, revoke: options.revoke ?? false }, options)
}

export async function leaf(consumer: string, options: BeginOptions & { revoke?: boolean }): Promise<Report> {
  return begin({ kind: 'leaf', consumer, revoke: options.revoke ?? false }, options)
}

export async function secret(name: string, options: BeginOptions): Promise<Report> {
  return begin({ kind: 'secret', secret: name }, options)
}

async function begin(subject: Subject, options: BeginOptions, reissue: string[] | 'all' = []): Promise<Report> {
  const consumers = await readConsumers(options.consumers ?? join(options.dir, 'consumers.json'))
  const plan = planRotation(subject, consumers, { reissue, overlapSeconds: options.overlap ?? 0 })
  const announced = announce(plan)
  const lines = announcement(plan)
  if (options.announce) return { text: lines, json: { subject, announced } }
  return withRotation(options, async (rotation) => {
    const { text, json } = said(await rotation.begin(plan))
    return { text: [...lines, '', ...text], json: { ...json, announced } }
  })
}

function announcement(plan: Plan): string[] {
  const rows = announce(plan).map(({ phase, consumer, changes, need }) => [phase, consumer, changes.join(', '), need])
  const title = `To change ${describeSubject(plan)}:`
  if (rows.length === 0) return [title, '  no consumer has anything to do']
  return [title, ...table(['phase', 'consumer', 'changes', 'it takes'], rows).map((line) => `  ${line}`)]
}
