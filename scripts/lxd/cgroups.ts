// A container's control groups stay when its monitor was killed. They are empty then and only hold their names.
import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mounts } from './mounts.ts'
import type { LxdProcess } from './processes.ts'

/** Removes the control groups that LXC made for these processes, as far as nothing runs in them any more. */
export async function removeControlGroups(processes: LxdProcess[]): Promise<void> {
  const hierarchies = mounts('self').filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
  const groups = processes
    .flatMap(({ cgroups }) => cgroups)
    .flatMap((line) => line.match(/^\d+:[^:]*:(.*?\/lxc\.(payload|monitor)\.[^/]+)/)?.[1] ?? [])
  const folders = [...new Set(groups)].flatMap((group) => hierarchies.map(({ point }) => join(point, group)))
  // A killed process is in its group until its parent has taken note of its end.
  for (let tries = 0; tries < 20 && folders.some((folder) => existsSync(folder)); tries++) {
    for (const folder of folders) removeTree(folder)
    await sleep(100)
  }
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) removeTree(join(folder, entry.name))
    rmdirSync(folder)
  } catch {
    // Not in this hierarchy, or still in use.
  }
}
