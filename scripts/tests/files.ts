// Which test files there are, and which of them a run takes.
import { existsSync, globSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** What lies beside the source, or needs no LXD. */
const unit = [
  'packages/**/*.test.ts',
  'scripts/*.test.ts',
  'test/harness/*.test.ts',
  'test/live/{packages,pki-pkits}.long.test.ts',
  'test/guest/build.test.ts',
  'docs/pki.test.ts',
  'docs/how-to/enrol-a-machine.test.ts',
]
/** What starts whole systems: one at a time, on the one private LXD. */
const live = [
  'scripts/lxd/*.test.ts',
  'test/{live,guest,faults,conformance,hostile,bench,patch}/**/*.test.ts',
  'docs/**/*.test.ts',
  '*.test.ts',
]

export type Selection = { unit: string[]; live: string[] }

/** @param asked files, folders or glob patterns; all tests when empty */
export function selectFiles(root: string, asked: string[], long: boolean): Selection {
  const wanted = asked.length > 0 ? new Set(asked.flatMap((pattern) => expand(root, pattern))) : undefined
  const pick = (patterns: string[]) =>
    glob(root, patterns).filter((file) => (wanted ? wanted.has(file) : long || !file.endsWith('.long.test.ts')))
  const first = pick(unit)
  return { unit: first, live: pick(live).filter((file) => !first.includes(file)) }
}

function expand(root: string, pattern: string): string[] {
  const path = resolve(pattern)
  if (!existsSync(path)) return glob(root, [pattern])
  const inside = relative(root, path)
  return statSync(path).isDirectory() ? glob(root, [join(inside, '**/*.test.ts')]) : [inside]
}

function glob(root: string, patterns: string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: (name) => name === 'node_modules' || name === 'dist' }).sort()
}
