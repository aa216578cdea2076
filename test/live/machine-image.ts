// An LXD image of a machine as the disk image makes it: Debian with systemd, cloud-init and sshd, our Node and the packed
// @anbox/pki. Built once and kept below `.test/`; the Debian part on its own, because it takes minutes and seldom changes.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { buildPackages } from '../../scripts/build.ts'
import { run } from '../../scripts/command.ts'

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.test')
const suite = 'bookworm'
const packages = [
  ...['systemd-sysv', 'libpam-systemd', 'udev', 'dbus', 'cloud-init', 'openssh-server', 'ca-certificates', 'openssl'],
  ...['iproute2', 'netbase', 'sudo'],
]
const software = '/opt/anbox-edge'
const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' }

/** Read by LXD: cloud-init gets its seed when an instance is made. */
const metadata = {
  architecture: architectures[process.arch] ?? process.arch,
  creation_date: 1_700_000_000,
  properties: { description: 'a machine for tests' },
  templates: Object.fromEntries(
    ['meta-data', 'user-data'].map((name) => [
      `/var/lib/cloud/seed/nocloud-net/${name}`,
      { when: ['create'], template: `${name}.tpl`, properties: { default: '#cloud-config\n{}\n' } },
    ]),
  ),
}
const files: Record<string, string> = {
  'metadata.yaml': JSON.stringify(metadata),
  'templates/meta-data.tpl': 'instance-id: {{ container.name }}\nlocal-hostname: {{ container.name }}\n',
  'templates/user-data.tpl': '{{ config_get("user.user-data", properties.default) }}\n',
  'rootfs/etc/systemd/network/10-dhcp.network': '[Match]\nName=eth0\n\n[Network]\nDHCP=yes\n',
  'rootfs/etc/cloud/cloud.cfg.d/99-machine.cfg':
    'datasource_list: [NoCloud, None]\nnetwork: {config: disabled}\nlocale: false\n',
  'rootfs/usr/local/bin/anbox-pki': `#!/bin/sh\nexec ${software}/bin/node --disable-warning=ExperimentalWarning ${software}/node_modules/@anbox/pki/dist/cli.js "$@"\n`,
}

/** The image as one tar file, for `images.import`. */
export async function buildMachineImage(log: (line: string) => void = () => {}): Promise<string> {
  mkdirSync(cache, { recursive: true })
  const tarball = (await buildPackages()).find(({ name }) => name === '@anbox/pki')?.tarball ?? ''
  const base = await buildBase(log)
  const inputs = [base, process.version, JSON.stringify(files), readFileSync(tarball)]
  const path = join(cache, `machine-${hash(inputs)}.tar`)
  if (existsSync(path)) return path
  log('building the image of a machine …')
  forget(/^machine-[0-9a-f]{16}\.tar$/)
  const folder = mkdtempSync(join(cache, 'machine-'))
  try {
    const rootfs = join(folder, 'rootfs')
    mkdirSync(rootfs)
    await run('tar', ['-C', rootfs, '-xpf', base, '--numeric-owner', '--xattrs', '--exclude=./dev/*'])
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    chmodSync(join(rootfs, 'usr/local/bin/anbox-pki'), 0o755)
    mkdirSync(join(rootfs, software, 'bin'), { recursive: true })
    copyFileSync(process.execPath, join(rootfs, software, 'bin/node'))
    await installPackage(tarball, join(rootfs, software))
    await run('tar', [
      '-C',
      folder,
      '-cf',
      `${path}.new`,
      '--numeric-owner',
      '--xattrs',
      'metadata.yaml',
      'templates',
      'rootfs',
    ])
    renameSync(`${path}.new`, path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return path
}

async function installPackage(tarball: string, into: string): Promise<void> {
  const folder = mkdtempSync(join(cache, 'install-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    await run('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: folder })
    cpSync(join(folder, 'node_modules'), join(into, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function buildBase(log: (line: string) => void): Promise<string> {
  const hooks = [
    'systemctl --root="$1" enable systemd-networkd systemd-networkd-wait-online ssh',
    // Python brings a format, and a container cannot set it.
    'systemctl --root="$1" mask systemd-binfmt',
    'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname "$1"/var/log/*.log',
  ]
  const args = [
    ...['--mode=root', '--variant=minbase', '--format=tar', '--aptopt=Apt::Install-Recommends "false"'],
    ...['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    `--include=${packages.join(',')}`,
    ...hooks.map((hook) => `--customize-hook=${hook}`),
    suite,
  ]
  const path = join(cache, `machine-base-${hash([process.arch, ...args])}.tar`)
  if (existsSync(path)) return path
  log('bootstrapping Debian for the image of a machine, which takes minutes …')
  forget(/^machine-base-/)
  // By way of another name: what was cut off is not taken for whole.
  await run('mmdebstrap', [...args, `${path}.new`])
  renameSync(`${path}.new`, path)
  return path
}

function forget(names: RegExp): void {
  for (const name of readdirSync(cache)) if (names.test(name)) rmSync(join(cache, name))
}

function hash(inputs: (string | Uint8Array)[]): string {
  const sum = createHash('sha256')
  for (const input of inputs) sum.update(input).update('\0')
  return sum.digest('hex').slice(0, 16)
}
