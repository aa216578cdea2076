import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { run, systemEnvironment } from '../command.ts'
import { bridgeName, cleanPrivateLxd, startPrivateLxd } from './index.ts'

const test = suite('a private LXD', { timeout: 120_000 })
const folder = mkdtempSync(join(tmpdir(), 'private-lxd-'))
const directory = join(folder, 'lxd')
const bridge = bridgeName(directory)
const short = `/run/${bridge}`
const nap = `${100_000 + process.pid}`
const lxc = (...args: string[]) =>
  run('lxc', args, { env: { ...systemEnvironment(), LXD_DIR: short, LXD_CONF: join(folder, 'client') } })

test.after(async () => {
  await cleanPrivateLxd(directory)
  rmSync(folder, { recursive: true, force: true })
})

test('gives a pool and a bridge to launch on, and keeps its port closed', async () => {
  const lxd = await startPrivateLxd({ directory })
  assert.equal(lxd.adopted, false)
  assert.ok(existsSync(lxd.socketPath))
  await launch('one')
  const server = JSON.parse(await lxc('query', '/1.0')) as { config: Record<string, string> }
  assert.equal(server.config['core.https_address'], undefined)
  const { config } = JSON.parse(await lxc('query', `/1.0/networks/${bridge}`)) as { config: Record<string, string> }
  assert.equal(config['ipv6.address'], 'none')
  assert.match(config['ipv4.address'] ?? '', /^10\..*\.1\/24$/)
})

test('is adopted by the next who wants it', async () => {
  assert.equal((await startPrivateLxd({ directory })).adopted, true)
})

test('stops and leaves nothing on the machine, and its instances are there after the next start', async () => {
  const lxd = await startPrivateLxd({ directory })
  await lxd.stop()
  assert.deepEqual(await traces(), [])
  await startPrivateLxd({ directory })
  assert.match(await lxc('list', '--format=csv', '--columns=n'), /^one$/m)
})

test('is cleaned when LXD itself and the monitor of a running container were killed', async () => {
  await lxc('start', 'one').catch(() => {}) // It runs already where LXD started it again.
  await launch('two')
  const pids = (await run('pgrep', ['--full', `^\\[lxc monitor\\] ${short}/containers two`])).trim().split('\n')
  for (const pid of [...(await daemon()), ...pids]) process.kill(Number(pid), 'SIGKILL')
  assert.notDeepEqual(await traces(), [])
  await cleanPrivateLxd(directory)
  assert.deepEqual(await traces(), [])
  assert.equal(existsSync(directory), false)
})

for (const delay of [150, 300, 500, 800, 1200])
  test(`whose starter was killed after ${delay} ms is finished by the next start`, async () => {
    const index = new URL('index.ts', import.meta.url).href
    const program = `import { startPrivateLxd } from ${JSON.stringify(index)}; await startPrivateLxd({ directory: process.argv[1] })`
    const starter = spawn(process.execPath, ['--input-type=module', '-e', program, directory], { stdio: 'ignore' })
    const ended = new Promise((resolve) => starter.once('exit', resolve))
    await new Promise((resolve) => setTimeout(resolve, delay))
    starter.kill('SIGKILL')
    await ended
    await startPrivateLxd({ directory })
    assert.match(await lxc('profile', 'show', 'default'), new RegExp(bridge))
    await cleanPrivateLxd(directory)
    assert.deepEqual(await traces(), [])
  })

test('can be aborted while it starts, and cleaned then', async () => {
  await assert.rejects(startPrivateLxd({ directory, signal: AbortSignal.timeout(300) }), { name: 'TimeoutError' })
  await cleanPrivateLxd(directory)
  assert.deepEqual(await traces(), [])
})

test('works in a folder whose path is too long for a socket and that nobody else may enter', async () => {
  const long = join(folder, 'x'.repeat(120))
  const lxd = await startPrivateLxd({ directory: long })
  assert.ok(existsSync(lxd.socketPath))
  await cleanPrivateLxd(long)
  assert.equal(existsSync(lxd.directory), false)
})

test('starts anew when somebody deleted its folder under it', async () => {
  await startPrivateLxd({ directory })
  renameSync(directory, join(folder, 'gone'))
  assert.equal((await startPrivateLxd({ directory })).adopted, false)
  await cleanPrivateLxd(directory)
  assert.deepEqual(await traces(), [])
})

test('never starts in, and is never cleaned out of, a folder that is not one', async () => {
  const other = join(folder, 'other')
  mkdirSync(other)
  writeFileSync(join(other, 'precious'), '')
  await assert.rejects(startPrivateLxd({ directory: other }), /neither empty nor the folder of a private LXD/)
  await assert.rejects(cleanPrivateLxd(other), /not the folder of a private LXD/)
  assert.ok(existsSync(join(other, 'precious')))
})

/** What the machine shows of this LXD: mounts, loop devices, network interfaces, firewall chains, processes. */
async function traces(): Promise<string[]> {
  const lists = await Promise.all([
    run('cat', ['/proc/self/mountinfo']),
    run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']),
    run('ip', ['-o', 'link']),
    run('nft', ['list', 'ruleset']),
    run('ps', ['-eo', 'args']),
  ])
  return lists
    .flatMap((list) => list.split('\n'))
    .filter((line) => [directory, bridge, nap].some((word) => line.includes(word)))
}

async function daemon(): Promise<string[]> {
  const pids = (await run('pgrep', ['--full', '^lxd --group'])).trim().split('\n')
  const mine = await Promise.all(pids.map((pid) => run('cat', [`/proc/${pid}/environ`]).catch(() => '')))
  return pids.filter((_, index) => mine[index]?.includes(`LXD_DIR=${short}\0`))
}

/** Launches the smallest Linux that runs: busybox alone. */
async function launch(name: string): Promise<void> {
  const image = join(folder, 'image')
  if (!existsSync(image)) {
    for (const part of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev'])
      mkdirSync(join(image, 'rootfs', part), { recursive: true })
    cpSync((await run('which', ['busybox'])).trim(), join(image, 'rootfs/bin/busybox'))
    symlinkSync('../bin/busybox', join(image, 'rootfs/sbin/init'))
    writeFileSync(join(image, 'rootfs/etc/inittab'), `::respawn:/bin/busybox sleep ${nap}\n`)
    const architecture = (await run('uname', ['-m'])).trim()
    writeFileSync(join(image, 'metadata.yaml'), `architecture: ${architecture}\ncreation_date: 1700000000\n`)
    await run('tar', ['-czf', join(folder, 'image.tar.gz'), '-C', image, '.'])
    await lxc('image', 'import', join(folder, 'image.tar.gz'), '--alias', 'busybox')
  }
  await lxc('launch', 'busybox', name)
}
