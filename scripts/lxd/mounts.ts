// Mounts and loop devices below a folder, read from the kernel and not from anybody's memory of them.
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt } from '../command.ts'
import type { Place } from './place.ts'

export type Mount = { device: string; root: string; point: string; type: string; source: string; options: string }

/** The mounts that a process sees; none when the process is gone. Format: proc(5), /proc/PID/mountinfo. */
export function mounts(pid: number | 'self'): Mount[] {
  let text = ''
  try {
    text = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  } catch {
    // A process that ended while we looked mounts nothing.
  }
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ')
      const [, , device = '', root = '', point = ''] = before.split(' ').map(plain)
      const [type = '', source = '', options = ''] = after.split(' ').map(plain)
      return { device, root, point, type, source, options }
    })
}

// The kernel writes space, tab, newline and backslash as \ and three octal digits.
function plain(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** Loop devices whose file is in the LXD's folder, such as `/dev/loop3`. */
export function loopDevices({ files, directory }: Place): string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .filter((name) => {
      try {
        const file = readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8')
        return file.startsWith(`${directory}/`) || file.startsWith(`${files}/`)
      } catch {
        return false // Not in use.
      }
    })
    .map((name) => `/dev/${name}`)
}

/** Unmounts all that is mounted in the LXD's folder, the innermost first, and frees its loop devices. */
export async function unmountBelow(place: Place): Promise<void> {
  for (const { point } of mounts('self').reverse()) {
    if (![place.directory, place.files].some((folder) => point.startsWith(`${folder}/`))) continue
    const { code } = await attempt('umount', [point])
    if (code !== 0) await attempt('umount', ['--lazy', point])
  }
  for (const device of loopDevices(place)) await attempt('losetup', ['--detach', device])
  // The kernel frees a loop device when its last user is gone, which may be a moment later.
  for (let tries = 0; tries < 50 && loopDevices(place).length > 0; tries++) await sleep(100)
}
