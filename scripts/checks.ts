/** What a change is checked with besides the tests. Each program is one of the workspace's own. */
export const checks = [
  { name: 'types', program: 'tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'style', program: 'biome', args: ['ci', '--colors=off', '.'] },
  { name: 'nothing unused', program: 'knip', args: ['--no-progress', '--no-config-hints'] },
]
