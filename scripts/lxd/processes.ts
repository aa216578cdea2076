// Which processes belong to the private LXD of a folder, by proof and not by name:
// - LXD and all it starts (dnsmasq, the containers' monitors, which outlive it) carry our mark in their environment;
// - what runs inside a container has the root of its file system below the folder.
import { readlinkSync } from 'node:fs'
import { runningProcesses } from '../processes.ts'
import { loopDevices, type Mount, mounts } from './mounts.ts'
import type { Place } from './place.ts'

export const mark = 'ANBOX_PRIVATE_LXD'

export type LxdProcess = { pid: number; kind: 'daemon' | 'started by LXD' | 'guest' }

export function lxdProcesses(place: Place): LxdProcess[] {
  const isGuest = guestsOf(place)
  return runningProcesses().flatMap(({ pid, words, carries }): LxdProcess[] => {
    const monitor = words.join(' ').startsWith(`[lxc monitor] ${place.directory}/`)
    if (carries(mark, place.directory) || monitor) {
      const daemon = /(^|\/)lxd$/.test(words[0] ?? '') && words[1] === '--group'
      return [{ pid, kind: daemon ? 'daemon' : 'started by LXD' }]
    }
    return isGuest(pid) ? [{ pid, kind: 'guest' }] : []
  })
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
