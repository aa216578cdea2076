// What a client costs before it does anything: its import, and its process's memory while it is idle.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../../scripts/command.ts'
import type { Measure, Row } from '../row.ts'
import { type DriverKind, python } from '../stage/driver.ts'
import { resident } from '../stage/memory.ts'
import type { Stage } from '../stage/stage.ts'

export const importTime: Row = {
  name: 'import-time',
  title: 'Import of the library',
  unit: 'ms',
  notes: ['A process that imports it, minus one that does not; the SDK as it is published, in JavaScript.'],
  reasons: { undici: 'the SDK imports all of undici, and ws and itself besides' },
  rounds: { full: 11, quick: 3 },
  fresh: true,
  async prepare(stage) {
    const node = (code: string) => runs(stage, process.execPath, ['--input-type=module', '--eval', code])
    const py = (code: string) => runs(stage, python, ['-c', code])
    return {
      ours: difference(node("import '@anbox/sdk'"), node('')),
      rivals: {
        undici: difference(node("import 'undici'"), node('')),
        pylxd: difference(py('import pylxd'), py('')),
      },
    }
  },
}

function runs(stage: Stage, program: string, args: string[]): () => Promise<number> {
  return async () => {
    const start = performance.now()
    await run(program, args, { cwd: stage.folder, signal: stage.signal })
    return performance.now() - start
  }
}

function difference(whole: () => Promise<number>, bare: () => Promise<number>): Measure {
  return async () => {
    const without = await bare()
    return [(await whole()) - without]
  }
}

export const idleMemory: Row = {
  name: 'idle-memory',
  title: 'Memory of an idle client',
  unit: 'MB',
  notes: [
    'Resident memory of a process with a connected client, a second after GET /1.0 and an exec, minus that of a bare Node or Python.',
  ],
  reasons: {
    undici: 'the SDK keeps its event socket open, and its own and ws’s code in memory',
    pylxd: 'CPython keeps code in less memory than V8, and pylxd keeps no connection',
  },
  rounds: { full: 3, quick: 1 },
  fresh: true,
  async prepare(stage) {
    const instance = await stage.guest()
    const used =
      (kind: DriverKind, bare: string, args: string[]): Measure =>
      async () => {
        const driver = await stage.driver(kind, stage.unix)
        try {
          await driver.order('get', {})
          await driver.order('exec', { instance })
          await sleep(1000)
          return [resident(driver.pid).now - (await bareMemory(stage, bare, args))]
        } finally {
          await driver.end()
        }
      }
    const node = ['--eval', 'process.stdin.resume()']
    return {
      ours: used('sdk', process.execPath, node),
      rivals: {
        pylxd: used('pylxd', python, ['-c', 'import sys; sys.stdin.read()']),
        undici: used('undici', process.execPath, node),
      },
    }
  },
}

async function bareMemory(stage: Stage, program: string, args: string[]): Promise<number> {
  const child = spawn(program, args, { cwd: stage.folder, stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  await sleep(500)
  const { now } = resident(child.pid ?? 0)
  child.stdin.end()
  await ended
  return now
}
