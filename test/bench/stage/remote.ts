// The private LXD over TLS: its port opened on the loopback, a client certificate that it trusts, and the same server as a
// remote of `lxc`.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createAuthority, saveCredential } from '@anbox/pki'
import type { Target } from '../drivers/orders.ts'
import type { Lxc } from './lxc.ts'

/** The name of the remote for `lxc`. */
export const remote = 'bench'

export async function openRemote(folder: string, lxd: string, lxc: Lxc, lxcFolder: string): Promise<Target> {
  const port = await freePort()
  await lxc.run('config', 'set', 'core.https_address', `127.0.0.1:${port}`)
  // The kind of key that `lxc` makes for itself.
  const authority = await createAuthority(join(folder, 'pki'), { key: 'ecdsa-p384' })
  const client = await authority.issue({ kind: 'client', name: 'client' })
  const paths = await saveCredential(join(folder, 'credentials'), 'client', client)
  await lxc.run('config', 'trust', 'add', paths.certificate)

  const ca = join(lxd, 'server.crt')
  mkdirSync(join(lxcFolder, 'servercerts'), { recursive: true, mode: 0o700 })
  copyFileSync(ca, join(lxcFolder, 'servercerts', `${remote}.crt`))
  copyFileSync(paths.certificate, join(lxcFolder, 'client.crt'))
  copyFileSync(paths.key, join(lxcFolder, 'client.key'))
  const url = `https://127.0.0.1:${port}`
  const settings = {
    'default-remote': 'local',
    remotes: {
      local: { addr: 'unix://', public: false },
      [remote]: { addr: url, auth_type: 'tls', project: 'default', protocol: 'lxd', public: false },
    },
  }
  // JSON is YAML.
  writeFileSync(join(lxcFolder, 'config.yml'), JSON.stringify(settings), { mode: 0o600 })
  return { server: 'lxd', url, certificate: paths.certificate, key: paths.key, ca }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return address.port
}
