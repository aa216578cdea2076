// `npm run deb`: the agent and anbox-pki as a Debian package with a Node of their own, into dist/.
//
// Everything lies below /opt/anbox-edge; the commands are linked into /usr/bin and the unit is systemd's. It is not started
// at the installation: it has no certificates then. What it keeps in /var/lib/anbox-edge stays when it is removed, and
// goes when it is purged.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildPackages } from './build.ts'
import { run } from './command.ts'
import { SetupError } from './errors.ts'

const root = dirname(import.meta.dirname)
const home = '/opt/anbox-edge'
const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

const sample = `# Configuration of the agent: docs/reference/configuration.md has every key. Without a certificate the API is served on the
# unix socket alone, for root.
lxd:
  storagePool: default
  network: anboxbr0
# What this machine is kept patched with; snaps and packages change the machine itself.
patch:
  kinds: [images, applications, snaps, packages]
  windows: ["Sat,Sun 02:00-06:00"]
# api:
#   address: 0.0.0.0
#   certificate: /etc/anbox-edge/tls/server.crt
#   key: /etc/anbox-edge/tls/server.key
#   trustedCertificates: [/etc/anbox-edge/tls/ca.crt]
`
/** Below systemd's folder, by their names in ours. */
const units = { 'anbox-edge.service': 'anbox-edge.service', 'system.slice.conf': 'system.slice.d/anbox-edge.conf' }
/** `systemctl` is there where systemd is, and does nothing useful where it does not run. */
const scripts = {
  postinst: '[ ! -d /run/systemd/system ] || { systemctl daemon-reload; systemctl try-restart anbox-edge.service; }\n',
  prerm: '[ "$1" != remove ] || [ ! -d /run/systemd/system ] || systemctl disable --now anbox-edge.service\n',
  postrm: '[ ! -d /run/systemd/system ] || systemctl daemon-reload\n[ "$1" != purge ] || rm -rf /var/lib/anbox-edge\n',
}

/** @returns the path of the package. */
export async function buildDeb(log: (line: string) => void = () => {}): Promise<string> {
  const architecture = architectures[process.arch]
  if (!architecture) throw new SetupError(`there is no package for ${process.arch}`)
  const packed = await buildPackages(log)
  const folder = mkdtempSync(join(tmpdir(), 'deb-'))
  try {
    const tree = join(folder, 'tree')
    const put = (path: string, content: string, mode = 0o644) => {
      mkdirSync(dirname(join(tree, path)), { recursive: true, mode: 0o755 })
      writeFileSync(join(tree, path), content, { mode })
    }
    const { version } = read('packages/edge-agent/package.json') as { version: string }
    const { devDependencies } = read('package.json') as { devDependencies: Record<string, string> }
    put(`${home}/package.json`, '{ "private": true }\n')
    log('installing the packages and Node …')
    const wanted = [`node@${devDependencies.node}`, ...packed.map(({ tarball }) => tarball)]
    await run('npm', ['install', '--no-audit', '--no-fund', '--omit=dev', ...wanted], { cwd: join(tree, home) })
    for (const name of ['package.json', 'package-lock.json']) rmSync(join(tree, home, name))
    const node = `${home}/node_modules/.bin/node`
    put(
      'usr/bin/anbox-edge',
      command(
        node,
        '--max-semi-space-size=1 --optimize-for-size',
        `${home}/node_modules/@anbox/edge-agent/dist/cli.js`,
      ),
      0o755,
    )
    put('usr/bin/anbox-pki', command(node, '', `${home}/node_modules/@anbox/pki/dist/cli.js`), 0o755)
    for (const [name, path] of Object.entries(units))
      put(`lib/systemd/system/${path}`, readFileSync(join(root, 'packages/edge-agent/systemd', name), 'utf8'))
    put('etc/anbox-edge/config.yaml', sample)
    put('DEBIAN/conffiles', '/etc/anbox-edge/config.yaml\n')
    put('DEBIAN/control', control(version, architecture))
    for (const [name, script] of Object.entries(scripts)) put(`DEBIAN/${name}`, `#!/bin/sh\nset -e\n${script}`, 0o755)
    chmodSync(tree, 0o755)
    const file = join(root, 'dist', `anbox-edge_${version}_${architecture}.deb`)
    await run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file])
    log(file)
    return file
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const command = (node: string, options: string, script: string) =>
  `#!/bin/sh\nexec ${[node, options, '--disable-warning=ExperimentalWarning', script].filter(Boolean).join(' ')} "$@"\n`

const control = (version: string, architecture: string) => `Package: anbox-edge
Version: ${version}
Architecture: ${architecture}
Maintainer: Anbox Edge
Depends: bzip2, libc6, libstdc++6
Recommends: lxd, gpgv, dpkg-repack
Section: admin
Priority: optional
Description: one Android system per LXD instance, and the AMS API
 The daemon anbox-edge and the command anbox-pki, with a Node of their own.
`

const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))

if (process.argv[1] === import.meta.filename) await buildDeb((line) => console.error(line))
