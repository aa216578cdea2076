// Writes every generated file of the project: LXD's types, the SDK's, and the pages of the reference.
//   npm run generate
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
for (const script of [
  'packages/lxd-api-types/scripts/generate.ts',
  'packages/sdk/scripts/generate-types.ts',
  'docs/reference/generate.ts',
]) {
  console.log(script)
  const { status } = spawnSync(process.execPath, [join(root, script)], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
