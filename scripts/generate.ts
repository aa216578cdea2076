// Writes every generated file of the project: LXD's types and the SDK's.
//   npm run generate
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '../packages')
for (const script of ['lxd-api-types/scripts/generate.ts', 'sdk/scripts/generate-types.ts']) {
  console.log(script)
  const { status } = spawnSync(process.execPath, [join(packages, script)], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
