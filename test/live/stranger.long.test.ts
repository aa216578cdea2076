// The SDK as a stranger gets it: installed from its tarball into empty projects with npm and with pnpm, compiled by
// their TypeScript, and run on Node 22 and 24. And what it weighs.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { buildPackages } from '../../scripts/build.ts'
import { attempt, run } from '../../scripts/command.ts'
import { Edge, guestFile } from './edge.ts'

const test = suite('a stranger with the SDK', { timeout: 180_000 })
const folder = mkdtempSync(join(tmpdir(), 'stranger-'))
const root = join(import.meta.dirname, '../..')
const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { config: { pnpm: string } }
/** Folders of a stranger's projects, and the binary of each Node. */
const projects: Record<string, string> = {}
const nodes: Record<string, string> = {}
let tarballs: string[] = []
let edge: Edge

test.before(
  async () => {
    const wanted = ['@anbox/sdk', '@lxd/api-types']
    const packed = (await buildPackages()).filter(({ name }) => wanted.includes(name))
    tarballs = packed.map(({ tarball }) => tarball)
    for (const major of ['22', '24']) {
      const at = join(folder, `node-${major}`)
      mkdirSync(at)
      writeFileSync(join(at, 'package.json'), '{ "private": true }')
      await run('npm', ['install', '--no-audit', '--no-fund', `node@${major}`], { cwd: at })
      nodes[major] = join(at, 'node_modules/node/bin/node')
    }
    for (const [manager, ...install] of [
      ['npm', 'npm', 'install', '--no-audit', '--no-fund'],
      ['pnpm', 'npx', '--yes', `pnpm@${config.pnpm}`, 'add'],
    ]) {
      const at = join(folder, String(manager))
      mkdirSync(at)
      const overrides = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]))
      const manifest = { private: true, type: 'module', ...(manager === 'pnpm' ? {} : { overrides: {} }) }
      writeFileSync(join(at, 'package.json'), JSON.stringify(manifest))
      // pnpm would look for the other tarball's package in the registry.
      writeFileSync(join(at, 'pnpm-workspace.yaml'), JSON.stringify({ overrides }))
      const [program = '', ...args] = install
      const files = manager === 'pnpm' ? tarballs.map((file) => `file:${file}`) : tarballs
      await run(program, [...args, ...files, '@types/node@24', 'typescript@5.9'], { cwd: at })
      projects[String(manager)] = at
    }
    edge = await Edge.start()
    await (await edge.ams.images.upload('android', guestFile(), { default: true })).wait()
  },
  { timeout: 240_000 },
)
test.after(
  async () => {
    await edge?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

/** The README's example, with the address of a real server and a small instance. */
function example(): string {
  const [, code = ''] = /```ts\n(.*?)```/s.exec(readFileSync(join(root, 'packages/sdk/README.md'), 'utf8')) ?? []
  assert.match(code, /edge\.example:8444/)
  return code
    .replace('https://edge.example:8444', edge.url)
    .replace(
      "image_id: 'android'",
      "image_id: 'android', resources: { cpus: 1, memory: 134217728, disk_size: 268435456 }",
    )
}

for (const resolution of ['nodenext', 'bundler'])
  test(`TypeScript takes the README's example strictly with moduleResolution ${resolution}`, async () => {
    for (const at of Object.values(projects)) {
      writeFileSync(join(at, 'example.ts'), example())
      const settings = {
        module: resolution === 'bundler' ? 'esnext' : 'nodenext',
        moduleResolution: resolution,
        target: 'es2022',
        lib: ['es2022', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
      }
      writeFileSync(join(at, 'tsconfig.json'), JSON.stringify({ compilerOptions: settings, files: ['example.ts'] }))
      const { code, stdout } = await attempt('npx', ['tsc', '-p', '.'], { cwd: at })
      assert.equal(code, 0, `${at}: ${stdout}`)
    }
  })

for (const manager of ['npm', 'pnpm'])
  for (const major of ['22', '24'])
    test(`the README's example runs: ${manager}, Node ${major}`, async () => {
      const at = projects[manager] ?? ''
      for (const [from, to] of [
        ['client.crt', 'client.crt'],
        ['client.key', 'client.key'],
        ['ca.crt', 'root.crt'],
      ] as const)
        writeFileSync(join(at, to), edge.read(`tls/${from}`), { mode: 0o600 })
      const printed = await run(nodes[major] ?? '', ['example.js'], { cwd: at })
      assert.match(printed, /^1$/m)
      await (await edge.ams.instances.delete('one', { force: true })).wait()
    })

for (const major of ['22', '24'])
  test(`CommonJS requires it on Node ${major}`, async () => {
    const at = projects.npm ?? ''
    writeFileSync(
      join(at, 'required.cjs'),
      `const { LxdClient, NotFoundError } = require('@anbox/sdk')
const client = new LxdClient({ socketPath: '/nowhere', retries: 0 })
client.instances.get('x').catch((error) => console.log(error.code, typeof NotFoundError)).then(() => client.close())
`,
    )
    assert.equal(await run(nodes[major] ?? '', ['required.cjs'], { cwd: at }), 'unavailable function\n')
  })
