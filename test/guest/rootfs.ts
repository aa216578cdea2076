import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { APPLETS } from './applets.ts'
import type { Architecture } from './architecture.ts'
import type { Entry } from './tar.ts'

/** The names that the stand-in's own binary answers to. */
const OWN = ['adbd', 'getprop', 'init', 'log', 'reboot', 'setprop', 'system_server', 'zygote']
/** 1 January 2026: the time of all that the image holds. */
export const BUILT = 1767225600

const DIRECTORIES = `
  data data/app data/data data/local data/property dev etc mnt proc root run sdcard sys system system/bin system/etc usr
  var var/lib var/lib/anbox var/lib/anbox/logs var/log
`

/** Everything in the image of a guest: LXD's description of it, and the root file system. */
export async function imageEntries(
  arch: Architecture,
  binaries: { standin: Uint8Array; busybox: Uint8Array },
): Promise<Entry[]> {
  const root: Entry[] = [
    { path: '', mode: 0o755, type: 'directory' },
    ...DIRECTORIES.trim()
      .split(/\s+/)
      .map((path): Entry => ({ path, mode: 0o755, type: 'directory' })),
    { path: 'tmp', mode: 0o1777, type: 'directory' },
    { path: 'data/local/tmp', mode: 0o1777, type: 'directory' },
    file('system/bin/standin', binaries.standin, 0o755),
    file('system/bin/busybox', binaries.busybox, 0o755),
    ...OWN.map((name) => link(`system/bin/${name}`, 'standin')),
    ...APPLETS.map((name) => link(`system/bin/${name}`, 'busybox')),
    // LXD starts /sbin/init, and its exec looks in these; Android has all of it in one place.
    ...['bin', 'sbin', 'usr/bin', 'usr/sbin'].map((path) => link(path, '/system/bin')),
    link('etc/resolv.conf', '/run/resolv.conf'),
    file('etc/passwd', Buffer.from('root:x:0:0:root:/data:/system/bin/sh\n'), 0o644),
    file('etc/group', Buffer.from('root:x:0:\n'), 0o644),
    link('var/lib/anbox/logs/android.log', '/var/log/android.log'),
    ...(await folder('system')),
  ]
  return [
    file('metadata.yaml', Buffer.from(metadata(arch)), 0o644),
    ...root.map((entry) => ({ ...entry, path: entry.path === '' ? 'rootfs' : `rootfs/${entry.path}` })),
  ]
}

function file(path: string, data: Uint8Array, mode: number): Entry {
  return { path, mode, type: 'file', data }
}

function link(path: string, target: string): Entry {
  return { path, mode: 0o777, type: 'link', target }
}

/** The files below a folder beside this module: scripts are to be run, `*.prop` to be read. */
async function folder(name: string): Promise<Entry[]> {
  const found = await readdir(join(import.meta.dirname, name), { recursive: true, withFileTypes: true })
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    files.map(async (path) =>
      file(path.slice(import.meta.dirname.length + 1), await readFile(path), path.endsWith('.prop') ? 0o644 : 0o755),
    ),
  )
}

function metadata(arch: Architecture): string {
  return `architecture: ${arch}
creation_date: ${BUILT}
properties:
  architecture: ${arch}
  description: Anbox Edge stand-in for Android (not Android) ${arch}
  anbox.hold: "1"
  name: android-standin-${arch}
  os: android-standin
  release: "15"
  variant: standin
templates: {}
`
}
