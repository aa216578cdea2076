// The quickstart as a person runs it: from nothing, cut off anywhere, again, and cleaned up.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from '@anbox/harness'
import { run } from '../../scripts/command.ts'
import { bridgeName } from '../../scripts/lxd/index.ts'

const test = suite('quickstart', { timeout: 120_000 })
const root = join(import.meta.dirname, '../..')
// Closed to others, as a home folder is.
const parent = mkdtempSync(join(tmpdir(), 'quickstart-'))
const folder = join(parent, 'state')
const lxdName = bridgeName(join(folder, 'lxd'))

test.after(
  async () => {
    await quickstart(['--clean'])
    rmSync(parent, { recursive: true, force: true })
  },
  { timeout: 60_000 },
)

for (const moment of [
  'private LXD',
  'making the key of the root CA',
  "making the server's key",
  'the agent serves the AMS API',
  'prepared, making its LXD instance',
  'is running',
])
  test(`Ctrl-C at "${moment}" ends it, and the next run goes on from there`, async () => {
    const { code, stdout, stderr } = await quickstart(['--json'], { signal: 'SIGINT', at: moment })
    assert.equal(code, 130, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /stays for the next run/)
  })

test('killed outright, the next run goes on from there too', async () => {
  await quickstart([], { signal: 'SIGKILL', at: 'Android systems are there|is running' })
  const { instances } = json(await quickstart(['--json']))
  assert.equal(instances.length, 2)
})

test('hosts two Android systems, each in an LXD instance of its own', async () => {
  const result = await quickstart(['--json'])
  const { instances, seconds } = json(result)
  assert.deepEqual(
    instances.map(({ status, bootCompleted }) => [status, bootCompleted]),
    [
      ['running', true],
      ['running', true],
    ],
  )
  assert.equal(new Set(instances.map(({ lxd }) => lxd)).size, 2)
  for (const { id, lxd, address, bootSeconds } of instances) {
    assert.equal(lxd, `ams-${id}`)
    assert.match(address, /^10\./)
    assert.ok(bootSeconds > 0 && bootSeconds < 60)
  }
  assert.ok(seconds < 30, 'a second run is fast')
  assert.match(result.stderr, /adb connect 127\.0\.0\.1:1\d{4}/)
})

test('run again, it uses what is there', async () => {
  const first = json(await quickstart(['--json']))
  const second = json(await quickstart(['--json', '--instances', '1']))
  assert.ok(first.instances.some(({ id }) => id === second.instances[0]?.id))
})

test('--stop keeps the systems for the next run, and leaves nothing running', async () => {
  const before = json(await quickstart(['--json']))
  assert.equal((await quickstart(['--stop'])).code, 0)
  assert.deepEqual(await traces(), [])
  const after = json(await quickstart(['--json']))
  assert.deepEqual(ids(after), ids(before))
})

test('--once leaves nothing behind', async () => {
  const { instances } = json(await quickstart(['--once', '--json']))
  assert.equal(instances.length, 2)
  assert.deepEqual(await traces(), [])
  assert.equal(existsSync(folder), false)
})

test('--once leaves nothing behind when it is cut off either', async () => {
  const { code } = await quickstart(['--once', '--json'], {
    signal: 'SIGTERM',
    at: 'prepared, making its LXD instance',
  })
  assert.equal(code, 143)
  assert.deepEqual(await traces(), [])
  assert.equal(existsSync(folder), false)
})

test('a wrong argument is named, and does nothing', async () => {
  const { code, stderr } = await quickstart(['--json', '--instances', 'two'])
  assert.equal(code, 1)
  assert.match(stderr, /--instances has to be a whole number from 1 to 500, not "two"/)
  assert.match((await quickstart(['--imgae', 'x'])).stderr, /--imgae.*--help/)
  assert.equal(existsSync(folder), false)
})

test('--help has examples', async () => {
  assert.match((await quickstart(['--help'])).stdout, /Examples:\n {2}npm run quickstart/)
})

type Report = {
  instances: { id: string; status: string; lxd: string; address: string; bootCompleted: boolean; bootSeconds: number }[]
  seconds: number
}
type Result = { code: number | null; stdout: string; stderr: string }

/** Runs it as npm does; `cut` sends a signal to all of it, as a terminal does, once standard error says something. */
async function quickstart(args: string[], cut?: { signal: NodeJS.Signals; at: string }): Promise<Result> {
  const child = spawn(process.execPath, ['scripts/start.mjs', 'scripts/quickstart/main.ts', ...args], {
    cwd: root,
    env: { ...process.env, ANBOX_QUICKSTART_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const result: Result = { code: null, stdout: '', stderr: '' }
  let sent = false
  child.stdout.setEncoding('utf8').on('data', (text) => {
    result.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    result.stderr += text
    if (!cut || sent || !new RegExp(cut.at).test(result.stderr) || !child.pid) return
    sent = true
    process.kill(-child.pid, cut.signal)
  })
  result.code = await new Promise((resolve) => child.once('close', (code) => resolve(code)))
  return result
}

function json({ code, stdout, stderr }: Result): Report {
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report
}

const ids = ({ instances }: Report) => instances.map(({ id }) => id).sort()

/** What the machine shows of it: mounts, loop devices, network interfaces, firewall chains, processes. */
async function traces(): Promise<string[]> {
  const lists = await Promise.all([
    run('cat', ['/proc/self/mountinfo']),
    run('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE']),
    run('ip', ['-o', 'link']),
    run('nft', ['list', 'ruleset']),
    run('ps', ['-eo', 'args']),
  ])
  return lists.flatMap((list) => list.split('\n')).filter((line) => line.includes(folder) || line.includes(lxdName))
}
