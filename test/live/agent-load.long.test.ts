// 500 guests on this machine: launched through the API beside `lxc launch` at the same parallelism, while somebody reads
// 200 times a second and twenty listen to the events.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from '@anbox/harness'
import { AmsClient } from '@anbox/sdk'
import { run } from '../../scripts/command.ts'
import { Edge } from './edge.ts'

const guests = Number(process.env.ANBOX_TEST_GUESTS ?? 500)
/** At once: the agent's own number. */
const parallel = 4
const listeners = 20
/** Reads a second. */
const rate = 200
const test = suite(`agent: ${guests} guests`, { timeout: 3600_000 })
/** What goes before the guests. */
const group = `/sys/fs/cgroup/cpu/load-${process.pid}`
const resources = { cpus: 1, memory: 32 * 2 ** 20, disk_size: 32 * 2 ** 20, no_disk_reserve: true }

test('as fast as lxc, quick to answer meanwhile, small, and its events in order for everybody', async () => {
  const directory = String(process.env.ANBOX_TEST_LXD)
  const numbers = Number(/^root:\d+:(\d+)/m.exec(readFileSync('/etc/subuid', 'utf8'))?.[1])
  // Debian's LXD comes with enough for 152.
  assert.ok(
    numbers >= guests * 65_536,
    `give root ${guests * 65_536} numbers in /etc/subuid and /etc/subgid, and restart LXD`,
  )
  const env = { ...process.env, LXD_DIR: directory }
  // Killed after a while: LXD 5.0.2 loses an exec now and then, and takes its time for anything else with so many.
  const lxc = (...args: string[]) =>
    run('timeout', ['-s', 'KILL', args[0] === 'exec' ? '20' : '600', 'lxc', ...args], { env })
  const bridge = `load${process.pid % 10_000}`
  // A bridge with more addresses than the usual 253.
  await lxc('network', 'create', bridge, 'ipv4.address=10.187.0.1/20', 'ipv4.nat=false', 'ipv6.address=none')
  const edge = await Edge.start({ bootSeconds: 120, bridge })
  try {
    await edge.upload()
    await (await edge.ams.nodes.update('box', { cpu_allocation_rate: 1000, memory_allocation_rate: 1000 })).wait()
    const bare = Number(process.env.ANBOX_TEST_LXC_SECONDS) || (await launchWithLxc(lxc, bridge))
    const found = await launchWithAgent(edge).catch((error) => {
      console.error(error)
      throw error
    })
    console.log(
      `\n  ${guests} launches: agent ${found.seconds.toFixed(1)} s, lxc ${bare.toFixed(1)} s: ${(found.seconds / bare).toFixed(2)}` +
        `\n  ${found.reads} reads meanwhile: median ${found.median.toFixed(1)} ms, p99 ${found.p99.toFixed(1)} ms` +
        `\n  agent at most ${found.memory.toFixed(0)} MiB; ${found.events} events, the same ones in the same order for ${listeners} listeners`,
    )
    assert.ok(found.seconds / bare <= 1.15, 'launches')
    assert.ok(found.p99 < 50, 'reads')
    assert.ok(found.memory < 150, 'memory')
  } finally {
    await edge[Symbol.asyncDispose]()
    if (existsSync(group)) rmdirSync(group)
    // What failed before is what is to be told.
    await lxc('network', 'delete', bridge).catch((error) => console.error(error.message))
  }
})

/** Seconds. They are gone afterwards. */
async function launchWithLxc(lxc: (...args: string[]) => Promise<string>, bridge: string): Promise<number> {
  const image = `load-${process.pid}`
  await lxc('image', 'import', String(process.env.ANBOX_TEST_GUEST), '--alias', image)
  const names = Array.from({ length: guests }, (_, index) => `${image}-${index}`)
  const config = ['-c', 'limits.memory=32MiB', '-c', 'limits.processes=4096', '-c', 'limits.cpu.allowance=100ms/100ms']
  const each = (work: (name: string) => Promise<unknown>) => {
    const left = [...names]
    const worker = async () => {
      for (let name = left.shift(); name; name = left.shift()) await work(name)
    }
    return Promise.all(Array.from({ length: parallel }, worker))
  }
  try {
    const start = performance.now()
    await each(async (name) => {
      const launch = () =>
        lxc('launch', '-q', image, name, '-n', bridge, '-s', 'default', '-d', 'root,size=32MiB', ...config)
      // LXD 5.0.2 now and then closes the image's folder while it reads it.
      await launch().catch(async (error) => {
        if (!/bad file descriptor/.test(error.message)) throw error
        console.log(`  ${name}: LXD's "bad file descriptor", launched again`)
        await lxc('delete', '-f', name).catch(() => '')
        await launch()
      })
      while ((await lxc('exec', name, '--', 'getprop', 'sys.boot_completed').catch(() => '')).trim() !== '1')
        await sleep(50)
    })
    const seconds = (performance.now() - start) / 1000
    console.log(`\n  ${guests} launches with lxc: ${seconds.toFixed(1)} s`)
    return seconds
  } catch (error) {
    console.error((error as Error).message)
    throw error
  } finally {
    await each((name) => lxc('delete', '-f', name).catch(() => ''))
    await lxc('image', 'delete', image)
  }
}

async function launchWithAgent(edge: Edge) {
  const stop = new AbortController()
  const streams = await Promise.all(Array.from({ length: listeners }, () => listen(edge, stop.signal)))
  await using reader = read(edge)
  // The agent goes before the guests, as its unit has it; the reader stands for another machine.
  mkdirSync(group)
  writeFileSync(join(group, 'cpu.shares'), '10240')
  for (const pid of [edge.pid, reader.pid]) writeFileSync(join(group, 'cgroup.procs'), String(pid))
  let memory = 0
  const watching = setInterval(() => {
    memory = Math.max(memory, residentMiB(edge.pid))
  }, 500).unref()
  const start = performance.now()
  const ids: string[] = []
  const worker = async () => {
    while (ids.length < guests) {
      const place = ids.push('') - 1
      const launching = await edge.ams.instances.launch({ image_id: 'standin', resources })
      ids[place] = launching.resource('instances') ?? ''
      await launching.wait()
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  const seconds = (performance.now() - start) / 1000
  console.log(`\n  ${guests} launches with the agent: ${seconds.toFixed(1)} s`)
  clearInterval(watching)
  await sleep(500)
  stop.abort()
  const times = await reader.stop()
  const [first = [], ...others] = streams.map(({ seen }) => seen)
  for (const other of others) assert.deepEqual(other, first)
  for (const id of ids) {
    const actions = first
      .filter((event) => event.includes(id) && event.startsWith('lifecycle'))
      .map((event) => event.split(' ')[1])
    assert.deepEqual(actions, ['instance-created', 'instance-scheduled', 'instance-started', 'instance-running'], id)
  }
  times.sort((a, b) => a - b)
  const at = (part: number) => times[Math.floor(times.length * part)] ?? 0
  await (await edge.ams.instances.deleteMany(ids)).wait()
  return { seconds, reads: times.length, median: at(0.5), p99: at(0.99), memory, events: first.length }
}

function residentMiB(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    // It has ended, which the test fails by.
    return 0
  }
}

async function listen(edge: Edge, signal: AbortSignal): Promise<{ seen: string[] }> {
  const seen: string[] = []
  const ams = new AmsClient({ socketPath: join(edge.directory, 'state/unix.socket') })
  const stream = ams.events({ signal })
  const opened = new Promise<void>((resolve) => setTimeout(resolve, 300))
  const reading = async () => {
    for await (const event of stream) {
      const { action, source, id, status } = (event.metadata ?? {}) as Record<string, string>
      seen.push(event.type === 'lifecycle' ? `lifecycle ${action} ${source}` : `${event.type} ${id} ${status}`)
    }
  }
  reading()
    .catch(() => {})
    .finally(() => ams.close())
  await opened
  return { seen }
}

/** Reads in a process of its own. */
function read(edge: Edge) {
  const script = join(import.meta.dirname, 'reader.ts')
  const args = [script, join(edge.directory, 'state/unix.socket'), String(rate)]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  return {
    pid: child.pid,
    stop: async () => {
      child.stdin.end()
      return (await json(child.stdout)) as number[]
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit')
      if (child.kill()) await ended
    },
  }
}
