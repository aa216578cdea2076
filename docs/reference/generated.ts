// The pages of this folder that are made of the code, as the project's formatter writes them.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { amsApiPage } from './ams-api.ts'
import { configurationPage } from './configuration.ts'
import { errorsPage } from './errors.ts'
import { lxdCoveragePage } from './lxd-coverage.ts'
import { sdkApiPage } from './sdk-api.ts'

const makers: Record<string, () => string | Promise<string>> = {
  'ams-api.md': amsApiPage,
  'configuration.md': configurationPage,
  'errors.md': errorsPage,
  'lxd-coverage.md': lxdCoveragePage,
  'sdk-api.md': sdkApiPage,
}

export const generatedPages = Object.keys(makers).map((name) => join(import.meta.dirname, name))

export async function generatePage(file: string): Promise<string> {
  const name = file.slice(import.meta.dirname.length + 1)
  const input = await makers[name]?.()
  const { status, stdout, stderr } = spawnSync('biome', ['format', '--stdin-file-path', file], { input })
  if (status !== 0) throw new Error(`biome cannot format ${name}: ${stderr}`)
  return stdout.toString()
}
