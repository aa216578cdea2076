// Runs a TypeScript file of this project under the project's own Node 24, whatever Node started us (20 and later will do).
//   node scripts/start.mjs FILE.ts [arguments]
// The first run, and every run after the lock file changed, installs the workspace's dependencies with pnpm.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
// Not in package.json's `packageManager`: pnpm would then ask the registry for its builds for every platform.
const { config } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const pnpm = `pnpm@${config.pnpm}`
const bin = join(root, 'node_modules/.bin')
const stamp = join(root, 'node_modules/.anbox-lock')

function installed() {
  if (!existsSync(join(bin, 'node')) || !existsSync(stamp)) return false
  return readFileSync(stamp, 'utf8') === wanted()
}

function wanted() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json'])
    hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

if (!installed()) {
  process.stderr.write(`Installing the workspace's npm dependencies with ${pnpm} …\n`)
  const install = spawnSync('npx', ['--yes', pnpm, 'install', '--frozen-lockfile'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, CI: 'true' },
  })
  if (install.status !== 0) {
    process.stderr.write('start: the npm dependencies could not be installed; the lines above say why.\n')
    process.exit(install.status ?? 1)
  }
  writeFileSync(stamp, wanted())
}

const [file, ...rest] = process.argv.slice(2)
const child = spawn(join(bin, 'node'), [join(root, file), ...rest], {
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    // Types are stripped and sources compiled once, not at each of the hundreds of starts of a test run.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules/.cache/node'),
  },
})
// Ctrl-C reaches the whole foreground group by itself; a signal sent to us alone is passed on. We end when the child has.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => signal !== 'SIGINT' && child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
