// The machine's packages: what is missing is named with its reason and installed with apt.
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compilerPackages } from '../test/guest/build.ts'
import { attempt, systemEnvironment } from './command.ts'
import { SetupError } from './errors.ts'
import type { Ask } from './terminal.ts'

/** This machine's, as the stand-in's images are named. */
export const guestArchitecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64'

/** `command` or `file` tells whether it is there; without them apt's own records do. */
export type Package = { name: string; command?: string; file?: string; why: string }

export const lxdPackages: Package[] = [
  { name: 'lxd', command: 'lxd', why: 'runs the Android systems' },
  { name: 'lxd-client', command: 'lxc', why: 'sets LXD up' },
  { name: 'dnsmasq-base', command: 'dnsmasq', why: 'gives the Android systems their addresses' },
  { name: 'nftables', command: 'nft', why: "keeps LXD's bridge and the network apart" },
  { name: 'attr', command: 'setfattr', why: 'LXD needs it to unpack images' },
  { name: 'squashfs-tools', command: 'unsquashfs', why: 'LXD needs it to unpack images' },
  { name: 'btrfs-progs', command: 'mkfs.btrfs', why: 'makes launches cheap' },
  { name: 'iproute2', command: 'ip', why: 'finds a free network for the bridge' },
]

/** What building the stand-in for Android takes on this machine. */
export const standInPackages: Package[] = [
  { name: 'busybox-static', command: 'busybox', why: 'the stand-in for Android is made of it' },
  ...compilerPackages(guestArchitecture).map((name) => ({ name, why: 'compiles the stand-in for Android' })),
]

export type EnsureOptions = { ask: Ask; log: (line: string) => void; signal?: AbortSignal }

/** Installs what is missing. Throws SetupError that names the command to run when that is not possible. */
export async function ensurePackages(packages: Package[], { ask, log, signal }: EnsureOptions): Promise<void> {
  const missing = await missingOf(packages)
  if (missing.length === 0) return
  for (const { name, why } of missing) log(`missing package: ${name} (${why})`)
  const names = missing.map(({ name }) => name)
  if (names.includes('lxd') && distribution() === 'ubuntu')
    throw new SetupError(
      "on Ubuntu LXD is a snap, and a private one cannot be made from it: `sudo snap install lxd`, `sudo lxd init --auto`, then use the host's with --host-lxd",
    )
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names]
  const command = `sudo apt-get install --no-install-recommends ${names.join(' ')}`
  if (!find('apt-get')) throw new SetupError(`this machine has no apt: install ${names.join(', ')} in its own way`)
  const root = process.getuid?.() === 0
  if (!root && !(await ask(`Install ${names.length} packages with sudo apt-get?`, { command, signal })))
    throw new SetupError(`not without ${names.join(', ')}: run \`${command}\` yourself`)

  log(`installing ${names.length} packages with apt-get …`)
  const apt = (...words: string[]) => {
    const [program = '', ...args] = root ? words : ['sudo', 'DEBIAN_FRONTEND=noninteractive', ...words]
    const env = { ...systemEnvironment(), DEBIAN_FRONTEND: 'noninteractive' }
    // Half-installed packages would be the next one's trouble.
    return attempt(program, args, { signal, env, uninterrupted: true })
  }
  let result = hasLists() ? await apt(...install) : undefined
  if (result?.code !== 0) {
    // Lists that are old name versions which are gone from the mirror; and somebody else's apt may have been cut off.
    await apt('dpkg', '--configure', '-a')
    await apt('apt-get', 'update')
    result = await apt(...install)
  }
  const left = (await missingOf(missing)).map(({ name }) => name)
  if (left.length > 0) {
    const said = result.stderr.trim().split('\n').slice(-8).join('\n')
    throw new SetupError(
      `${left.join(', ')} could not be installed. Run \`${command}\` and see why. apt said:\n${said}`,
    )
  }
}

async function missingOf(packages: Package[]): Promise<Package[]> {
  const unnamed = packages.filter(({ command, file }) => !command && !file).map(({ name }) => name)
  const installed = unnamed.length > 0 ? await installedOf(unnamed) : []
  return packages.filter(({ name, command, file }) => {
    if (command) return !find(command)
    return file ? !existsSync(file) : !installed.includes(name)
  })
}

async function installedOf(names: string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const { stdout } = await attempt('dpkg-query', ['--show', '--showformat=${Package} ${db:Status-Status}\n', ...names])
  return stdout.split('\n').flatMap((line) => (line.endsWith(' installed') ? [line.split(' ')[0] ?? ''] : []))
}

/** Where a program is, as the system administrator would find it. */
export function find(command: string): string | undefined {
  const folders = systemEnvironment().PATH?.split(':') ?? []
  return folders
    .map((folder) => join(folder, command))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

function hasLists(): boolean {
  const folder = '/var/lib/apt/lists'
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes('_Packages'))
}

function distribution(): string | undefined {
  return existsSync('/etc/os-release')
    ? readFileSync('/etc/os-release', 'utf8').match(/^ID="?([a-z]+)/m)?.[1]
    : undefined
}
