// Which processes belong to the private LXD of a folder, by proof and not by name:
// - LXD and all it starts (dnsmasq, the containers' monitors, which outlive it) carry our mark in their environment;
// - what runs inside a container has the root of its file system below the folder.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { loopDevices, type Mount, mounts } from './mounts.ts'
import type { Place } from './place.ts'

export const mark = 'ANBOX_PRIVATE_LXD'

export type LxdProcess = { pid: number; kind: 'daemon' | 'started by LXD' | 'guest'; cgroups: string[] }

export function lxdProcesses(place: Place): LxdProcess[] {
  const { directory } = place
  const isGuest = guestsOf(place)
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1)
    .flatMap((pid): LxdProcess[] => {
      const words = read(pid, 'cmdline').split('\0')
      if (words[0] === '') return [] // A kernel thread or a zombie.
      const cgroups = read(pid, 'cgroup').split('\n')
      const marked =
        read(pid, 'environ').split('\0').includes(`${mark}=${directory}`) ||
        words.join(' ').startsWith(`[lxc monitor] ${directory}/`)
      if (marked) {
        const daemon = /(^|\/)lxd$/.test(words[0] ?? '') && words[1] === '--group'
        return [{ pid, kind: daemon ? 'daemon' : 'started by LXD', cgroups }]
      }
      return isGuest(pid) ? [{ pid, kind: 'guest', cgroups }] : []
    })
}

/** Ends all of them at once, and again until none is left, because a dying one may have started another. */
export async function killProcesses(place: Place): Promise<LxdProcess[]> {
  const killed: LxdProcess[] = []
  for (let tries = 0; tries < 100; tries++) {
    const found = lxdProcesses(place)
    if (found.length === 0) break
    for (const one of found) {
      killed.push(one)
      try {
        process.kill(one.pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    await sleep(100)
  }
  return killed
}

function guestsOf(place: Place): (pid: number) => boolean {
  const own = namespace('self')
  const loops = loopDevices(place)
  const holder = mounts('self')
    .filter(({ point }) => place.files.startsWith(point === '/' ? '/' : `${point}/`))
    .sort((a, b) => b.point.length - a.point.length)[0]
  // The folder's path as its file system sees it: that is what a pool of plain folders shows as a container's root.
  const inside = holder && join(holder.root, place.files.slice(holder.point === '/' ? 0 : holder.point.length))
  const below = (mount: Mount) => mount.device === holder?.device && mount.root.startsWith(`${inside}/`)
  return (pid) => {
    const other = namespace(pid)
    if (!other || other === own) return false
    const root = mounts(pid).findLast(({ point }) => point === '/')
    return root !== undefined && (loops.includes(root.source) || below(root))
  }
}

function join(root: string, rest: string): string {
  return root === '/' ? rest : root + rest
}

function namespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`)
  } catch {
    return undefined
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
