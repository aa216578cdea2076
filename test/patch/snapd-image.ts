// An LXD image of a machine with a real snapd that asks a store of the test's own: both are built from Debian's sources with
// snapd's test keys. Built once and kept below `.test/`.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../../scripts/command.ts'

const cache = join(import.meta.dirname, '../../.test')
const suite = 'bookworm'
const architectures: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' }
const packages = [
  ...['systemd-sysv', 'dbus', 'udev', 'ca-certificates', 'iproute2', 'netbase'],
  ...['snapd', 'squashfuse', 'fuse3', 'squashfs-tools'],
]
/** The sources come as a package, so no `deb-src` line is asked for; the others are what it imports. */
const sources = [
  ...['golang-go', 'gcc', 'libc6-dev', 'golang-github-snapcore-snapd-dev', 'golang-dbus-dev'],
  ...[
    'boltdb-bolt',
    'coreos-go-systemd',
    'gorilla-mux',
    'jessevdk-go-flags',
    'juju-ratelimit',
    'mvo5-goconfigparser',
  ].map((name) => `golang-github-${name}-dev`),
  ...['golang-golang-x-crypto-dev', 'golang-golang-x-xerrors-dev'],
  ...['macaroon.v1', 'mgo.v2', 'retry.v1', 'tomb.v2', 'tylerb-graceful.v1', 'yaml.v2', 'yaml.v3'].map(
    (name) => `golang-gopkg-${name}-dev`,
  ),
]
const compile = [
  'set -e; export HOME=/root GO111MODULE=off GOPATH=/root/go:/usr/share/gocode GOCACHE=/root/cache; mkdir /built',
  'cd /usr/share/gocode/src/github.com/snapcore/snapd',
  'for one in ./cmd/snapd ./tests/lib/fakestore/cmd/fakestore',
  'do go build -p 2 -tags "withtestkeys nosecboot" -o /built/ $one; done',
].join('\n')

const environment = ['SNAPPY_TESTING=1', 'SNAP_REEXEC=0']
const store = 'http://127.0.0.1:11028/'

/** Below `rootfs/` what the machine has, beside it what LXD reads. */
const files: Record<string, string> = {
  'metadata.yaml': JSON.stringify({
    architecture: architectures[process.arch] ?? process.arch,
    creation_date: 1_700_000_000,
    properties: { description: 'a machine with snapd for tests' },
  }),
  // It is killed often, and by tests only.
  'rootfs/etc/systemd/system/snapd.service.d/test.conf': `[Unit]\nStartLimitIntervalSec=0\n\n[Service]\nEnvironment=${[...environment, `SNAPPY_FORCE_API_URL=${store}`, `SNAPPY_FORCE_SAS_URL=${store}`].join(' ')}\n`,
  'rootfs/etc/systemd/system/fakestore.service': `[Unit]\nBefore=snapd.service\n\n[Service]\nEnvironment=${environment.join(' ')}\nExecStart=/usr/local/bin/fakestore run --dir /srv/snap-store --addr 127.0.0.1:11028\nKillSignal=SIGKILL\nSuccessExitStatus=SIGKILL\n\n[Install]\nWantedBy=multi-user.target\n`,
  // snapd answers nobody whose process it cannot see, and so not LXD's proxy: this one asks in its place.
  'rootfs/etc/systemd/system/snapd-relay.socket':
    '[Socket]\nListenStream=/run/snapd-relay.socket\n\n[Install]\nWantedBy=sockets.target\n',
  'rootfs/etc/systemd/system/snapd-relay.service':
    '[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd /run/snapd.socket\n',
  'rootfs/srv/snaps/snapd/meta/snap.yaml': 'name: snapd\nversion: "1"\ntype: snapd\nsummary: none\ndescription: none\n',
  'rootfs/srv/snaps/edge-base/meta/snap.yaml':
    'name: edge-base\nversion: "1"\ntype: base\nsummary: none\ndescription: none\n',
}
// Neither snap has what a real one has: snapd only looks at its version, and what the tests' services need is outside.
const finish = [
  'set -e; mkdir -p /srv/snap-store/asserts; cd /srv/snaps',
  'mkdir -p snapd/usr/lib/snapd; cp /usr/lib/snapd/info snapd/usr/lib/snapd/',
  'for name in snapd edge-base; do chmod -R u=rwX,go=rX $name; snap pack --filename=$name.snap $name; rm -r $name; done',
  'systemctl enable fakestore snapd-relay.socket; systemctl mask snapd.failure snapd.snap-repair.timer',
].join('\n')

/** The image as one tar file, for `images.import`. */
export async function buildSnapdImage(log: (line: string) => void = () => {}): Promise<string> {
  mkdirSync(cache, { recursive: true })
  const path = join(
    cache,
    `snapd-machine-${hash([process.arch, suite, packages, sources, compile, files, finish])}.tar`,
  )
  if (existsSync(path)) return path
  const built = await buildSnapd(log)
  log('building the image of a machine with snapd …')
  forget(/^snapd-machine-[0-9a-f]{16}\.tar/)
  const folder = mkdtempSync(join(cache, 'snapd-machine-'))
  const rootfs = join(folder, 'rootfs')
  try {
    await debian(packages, '--format=directory', rootfs)
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    await run('cp', [join(built, 'snapd'), join(rootfs, 'usr/lib/snapd/snapd')])
    await run('cp', [join(built, 'fakestore'), join(rootfs, 'usr/local/bin/fakestore')])
    await run('chroot', [rootfs, 'sh', '-c', finish])
    rmSync(join(rootfs, 'etc/hostname'), { force: true })
    const what = ['--numeric-owner', '--xattrs', '--exclude=rootfs/dev/*', 'metadata.yaml', 'rootfs']
    await run('tar', ['-C', folder, '-cf', `${path}.new`, ...what])
    renameSync(`${path}.new`, path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return path
}

/** @returns a folder with snapd and its fake store. */
async function buildSnapd(log: (line: string) => void): Promise<string> {
  const path = join(cache, `snapd-built-${hash([process.arch, suite, sources, compile])}`)
  if (existsSync(path)) return path
  log('building snapd with its test keys, which takes minutes …')
  forget(/^snapd-built-[0-9a-f]{16}$/)
  const folder = mkdtempSync(join(cache, 'snapd-built-'))
  try {
    // In a Debian of its own, which is thrown away: this machine gets none of it.
    const hooks = [`chroot "$1" sh -c '${compile}'`, `copy-out /built ${folder}`]
    await debian(sources, '--format=null', '-', ...hooks.map((hook) => `--customize-hook=${hook}`))
    renameSync(join(folder, 'built'), path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return path
}

async function debian(include: string[], format: string, into: string, ...more: string[]): Promise<void> {
  const lean = ['man', 'doc', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`)
  const only = [
    '--mode=root',
    '--variant=minbase',
    '--aptopt=Apt::Install-Recommends "false"',
    `--include=${include.join(',')}`,
  ]
  await run('mmdebstrap', [...only, ...lean, format, ...more, suite, into])
}

function forget(names: RegExp): void {
  for (const name of readdirSync(cache)) if (names.test(name)) rmSync(join(cache, name), { recursive: true })
}

function hash(inputs: unknown): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 16)
}
