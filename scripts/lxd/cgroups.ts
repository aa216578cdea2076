// A container's control groups stay when its monitor was killed. They are empty then and only hold their names.
import { existsSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mounts } from './mounts.ts'
import type { Place } from './place.ts'

/** Removes the control groups of this LXD's containers as far as nothing runs in them any more. */
export async function removeControlGroups({ files }: Place): Promise<void> {
  const list = join(files, 'containers')
  const names = new Set(existsSync(list) ? readdirSync(list) : [])
  const ours = (group: string) => {
    // LXC appends a number where the name is taken.
    const name = group.match(/^lxc\.(?:payload|monitor)\.(.+)$/)?.[1]
    return name !== undefined && (names.has(name) || names.has(name.replace(/-\d+$/, '')))
  }
  const hierarchies = mounts('self').filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
  const folders = hierarchies.flatMap(({ point }) =>
    readdirSync(point)
      .filter(ours)
      .map((name) => join(point, name)),
  )
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
    // Still in use, or gone.
  }
}
