import { applyStep } from '../../rotation/apply.ts'
import { openRotation } from '../../rotation/begin.ts'
import type { Rotation } from '../../rotation/rotation.ts'
import type { Status } from '../../rotation/status.ts'
import type { Report } from '../report.ts'
import { type RotateOptions, withRotation } from './open.ts'
import { said } from './said.ts'

type GoOptions = RotateOptions & { apply?: boolean }

export async function status({ dir }: RotateOptions): Promise<Report> {
  return said(await openRotation(dir).status())
}

export async function next(options: GoOptions & { force: string[] }): Promise<Report> {
  const { apply, force } = options
  return withRotation(options, async (rotation) => {
    if (apply) await applied(rotation)
    return go(rotation, await rotation.next({ force }), apply)
  })
}

export async function acknowledge(consumer: string, options: RotateOptions & { step?: number }): Promise<Report> {
  return said(await openRotation(options.dir).acknowledge(consumer, options.step))
}

export async function apply(consumers: string[], options: RotateOptions): Promise<Report> {
  return withRotation(options, async (rotation) =>
    said(await applied(rotation, consumers.length > 0 ? consumers : undefined)),
  )
}

export async function abort(options: GoOptions): Promise<Report> {
  return withRotation(options, async (rotation) => go(rotation, await rotation.abort(), options.apply))
}

export async function resume(options: GoOptions): Promise<Report> {
  return withRotation(options, async (rotation) => go(rotation, await rotation.resume(), options.apply))
}

async function go(rotation: Rotation, status: Status, apply = false): Promise<Report> {
  return said(apply && !status.ended ? await applied(rotation) : status)
}

async function applied(rotation: Rotation, only?: string[]): Promise<Status> {
  const onApply = (consumer: string, need: string) => process.stderr.write(`${consumer}: ${need} …\n`)
  return (await applyStep(rotation, { onApply, ...(only && { only }) })).status
}
