// The packages as a stranger gets them: packed, judged, installed into an empty project, imported and type-checked.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { buildPackages, type Packed } from '../../scripts/build.ts'
import { run } from '../../scripts/command.ts'

const test = suite('the packed packages', { timeout: 180_000 })
const folder = mkdtempSync(join(tmpdir(), 'stranger-'))
/** What the packages export that is not code: the two APIs as OpenAPI documents. */
const contracts = ['contracts/ams.yaml', 'contracts/gateway.yaml']
let packed: Packed[]

test.before(
  async () => {
    packed = await buildPackages()
  },
  { timeout: 120_000 },
)
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('are as publint and are-the-types-wrong want them', async () => {
  for (const { tarball } of packed) {
    await run('publint', [tarball, '--strict'])
    await run('attw', [tarball, '--profile', 'esm-only', '--exclude-entrypoints', ...contracts])
  }
})

test('hold no tests, and nothing that only works in the workspace', async () => {
  for (const { tarball } of packed) {
    const names = (await run('tar', ['-tzf', tarball])).trim().split('\n')
    assert.deepEqual(
      names.filter((name) => /\.test\.|(?<!\.d)\.ts$/.test(name)),
      [],
    )
    for (const name of ['package/package.json', 'package/LICENSE', 'package/dist/index.js', 'package/dist/index.d.ts'])
      assert.ok(names.includes(name), `${tarball} has no ${name}`)
    assert.doesNotMatch(await run('tar', ['-xOzf', tarball, 'package/package.json']), /workspace:|\.\/src\//)
  }
})

test('are installed into an empty project, imported, type-checked, and their commands run', async () => {
  const at = { cwd: folder }
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const tarballs = packed.map(({ tarball }) => tarball)
  await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs, '@types/node@24', 'typescript@5.9'], at)
  const program = `import { AmsClient, LxdClient, NotFoundError } from '@anbox/sdk'
import { createAuthority } from '@anbox/pki'
import * as agent from '@anbox/edge-agent'
import type * as api from '@lxd/api-types'

export type Api = keyof typeof api
await using lxd = new LxdClient({ socketPath: '/nowhere', retries: 0 })
const found: string | undefined = await lxd.instances.get('x').then(({ name }) => name, (error: Error) => error.constructor.name)
// @ts-expect-error a token is no way into LXD
const wrong = () => new LxdClient({ socketPath: '/nowhere', token: 'x' })
console.log(found, typeof AmsClient, typeof NotFoundError, typeof createAuthority, typeof agent, typeof wrong)
`
  writeFileSync(join(folder, 'main.ts'), program)
  const settings = {
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    strict: true,
    skipLibCheck: false,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: settings, files: ['main.ts'] }))
  await run('npx', ['tsc', '-p', '.'], at)
  assert.equal(await run('node', ['main.js'], at), 'UnavailableError function function function object function\n')
  assert.match(await run('npx', ['anbox-pki', '--help'], at), /init/)
  assert.match(await run('npx', ['anbox-edge', '--help'], at), /run/)
})
