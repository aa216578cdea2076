// The packages as a stranger gets them: packed, judged, installed into an empty project, imported and type-checked.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { buildPackages, type Packed } from '../../scripts/build.ts'
import { run } from '../../scripts/command.ts'

const test = suite('the packed packages', { timeout: 180_000 })
const folder = mkdtempSync(join(tmpdir(), 'stranger-'))
/** What the packages export that is not code: the two APIs as OpenAPI documents. */
const contracts = ['contracts/ams.yaml', 'contracts/gateway.yaml']
const at = { cwd: folder }
let packed: Packed[]

test.before(
  async () => {
    packed = await buildPackages()
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
    const tarballs = packed.map(({ tarball }) => tarball)
    await run('npm', ['install', '--no-audit', '--no-fund', ...tarballs, '@types/node@24', 'typescript@5.9'], at)
  },
  { timeout: 180_000 },
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

test('are imported from an empty project, type-checked, and their commands run', async () => {
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

// What a user pays before the first call. Numbers that do not depend on the machine; times are the benchmark's.
const budgets = [
  { entry: '@anbox/sdk', modules: 110, kilobytes: 310 },
  { entry: '@anbox/sdk/ams', modules: 65, kilobytes: 185 },
  { entry: '@anbox/sdk/lxd', modules: 65, kilobytes: 225 },
  { entry: '@anbox/sdk/gateway', modules: 40, kilobytes: 120 },
  { entry: '@anbox/sdk/gateway/browser', modules: 18, kilobytes: 40 },
]
/** Counts our own modules that an import loads, and their bytes. */
const counting = (entry: string) => `
  import { registerHooks } from 'node:module'
  let [modules, bytes] = [0, 0]
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (url.includes('/@anbox/')) [modules, bytes] = [modules + 1, bytes + Buffer.byteLength(loaded.source)]
      return loaded
    },
  })
  await import('${entry}')
  console.log(JSON.stringify({ modules, kilobytes: bytes / 1000 }))`

test('the SDK keeps to its budgets: packed size, what an import loads, what its types cost the compiler', async () => {
  const { tarball = '' } = packed.find(({ tarball }) => tarball.includes('anbox-sdk')) ?? {}
  const size = statSync(tarball).size / 1000
  console.log(`\n  packed ${size.toFixed(0)} kB`)
  assert.ok(size < 165, `${size} kB`)
  for (const { entry, ...most } of budgets) {
    const found = JSON.parse(await run('node', ['--input-type=module', '--eval', counting(entry)], at))
    console.log(`  ${entry}: ${found.modules} modules, ${found.kilobytes.toFixed(0)} kB`)
    assert.ok(found.modules > 0 && found.modules <= most.modules && found.kilobytes <= most.kilobytes, entry)
  }
  const program = "import * as sdk from '@anbox/sdk'\nexport const lxd = new sdk.LxdClient({ socketPath: '/x' })\n"
  writeFileSync(join(folder, 'types.ts'), program)
  const options = ['--module', 'nodenext', '--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--strict']
  const cost = await run('npx', ['tsc', ...options, '--noEmit', '--extendedDiagnostics', 'types.ts'], at)
  const [types, instantiations] = ['Types', 'Instantiations'].map((name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(cost)?.[1]),
  )
  console.log(`  compiler: ${types} types, ${instantiations} instantiations`)
  assert.ok(Number(types) < 42_000 && Number(instantiations) < 55_000)
})
