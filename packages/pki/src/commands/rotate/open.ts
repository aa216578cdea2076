// The rotation that the options name, with what it may need beside its plan.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openRotation, type RotationOptions } from '../../rotation/begin.ts'
import type { Rotation } from '../../rotation/rotation.ts'
import { type StoreOptions, withStore } from '../secret/open.ts'

export type RotateOptions = StoreOptions & { rootDir?: string }

/** The store of the secrets is opened where there is one; it is not made for this. */
export async function withRotation<Result>(
  options: RotateOptions,
  body: (rotation: Rotation) => Promise<Result>,
): Promise<Result> {
  const { dir, rootDir } = options
  const given: RotationOptions = rootDir === undefined ? {} : { rootDirectory: rootDir }
  if (!existsSync(join(dir, 'secrets/secrets.db'))) return body(openRotation(dir, given))
  return withStore(options, (secrets) => body(openRotation(dir, { ...given, secrets })))
}
