// The machine and the versions that the numbers belong to.
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { attempt } from '../../scripts/command.ts'
import type { PrivateLxd } from '../../scripts/lxd/index.ts'
import { python } from './stage/driver.ts'
import type { Document } from './table.ts'

const root = join(import.meta.dirname, '../..')

/** `load` is the mean number of running processes in the minute before: others at work make all numbers worse. */
export function describeMachine(lxd: PrivateLxd): Document['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    kernel: release(),
    storage: lxd.driver,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  }
}

export async function describeVersions(): Promise<Document['versions']> {
  const version = (path: string) => (JSON.parse(readFileSync(join(root, path), 'utf8')) as { version: string }).version
  const asked = async (program: string, ...args: string[]) => (await attempt(program, args)).stdout.trim()
  const pylxd = "from importlib.metadata import version; print(version('pylxd'))"
  return {
    sdk: version('packages/sdk/package.json'),
    agent: version('packages/edge-agent/package.json'),
    node: process.version.slice(1),
    undici: version('packages/sdk/node_modules/undici/package.json'),
    lxd: await asked('lxd', '--version'),
    lxc: await asked('lxc', '--version'),
    pylxd: await asked(python, '-c', pylxd),
    python: (await asked(python, '--version')).replace('Python ', ''),
  }
}
