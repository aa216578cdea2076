// The bridge of a private LXD: its name, its addresses, and what of it has to go when LXD could not tidy up itself.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { attempt, run } from '../command.ts'
import { SetupError } from '../errors.ts'

/** A name of at most 15 characters (the kernel's limit) for the folder, so that two checkouts can run at once. */
export function bridgeName(directory: string): string {
  return `anbox${createHash('sha256').update(directory).digest('hex').slice(0, 6)}`
}

export function bridgeExists(bridge: string): boolean {
  return existsSync(`/sys/class/net/${bridge}`)
}

/** An IPv4 /24 that no interface, route or name server of this machine uses, as the bridge's address: `10.x.y.1/24`. */
export async function freeSubnet(bridge: string): Promise<string> {
  const taken: Range[] = []
  for (const { addr_info } of JSON.parse(await run('ip', ['-j', '-4', 'addr'])) as {
    addr_info: { local: string; prefixlen: number }[]
  }[])
    for (const { local, prefixlen } of addr_info) taken.push(range(local, prefixlen))
  for (const { dst } of JSON.parse(await run('ip', ['-j', '-4', 'route', 'show', 'table', 'all'])) as {
    dst: string
  }[]) {
    const [address = '', length = '32'] = dst.split('/')
    if (dst !== 'default') taken.push(range(address, Number(length)))
  }
  const resolv = existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : ''
  for (const [, server = ''] of resolv.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)/gm)) taken.push(range(server, 32))

  const start = createHash('sha256').update(bridge).digest().readUInt16BE(0)
  for (let offset = 0; offset < 65_536; offset++) {
    const number = (start + offset * 257) % 65_536
    const address = `10.${number >> 8}.${number & 255}.1`
    const [first, last] = range(address, 24)
    if (!taken.some(([low, high]) => low <= last && first <= high)) return `${address}/24`
  }
  throw new SetupError('every network 10.x.y.0/24 is in use on this machine: free one, or use an LXD of your own')
}

type Range = [number, number]
function range(address: string, length: number): Range {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** (32 - length)
  const first = Math.floor(number / size) * size
  return [first, first + size - 1]
}

/** The network interfaces of the containers on the bridge. */
export function bridgePorts(bridge: string): string[] {
  const folder = `/sys/class/net/${bridge}/brif`
  return existsSync(folder) ? readdirSync(folder) : []
}

/**
 * Deletes the bridge, the interfaces on it, and the firewall rules that LXD made for them. A start that failed, or during
 * which LXD was killed, leaves both ends of the container's interface on the host.
 */
export async function deleteBridge(bridge: string, ports: string[]): Promise<void> {
  for (const port of ports) if (bridgeExists(port)) await attempt('ip', ['link', 'delete', port])
  if (bridgeExists(bridge)) await attempt('ip', ['link', 'delete', bridge])
  for (const family of ['inet', 'bridge']) await deleteNftChains(family, [bridge, ...ports])
  for (const table of ['filter', 'nat', 'mangle']) await deleteIptablesRules(bridge, table)
}

type NftObject = { chain?: { name: string }; rule?: { chain: string; expr: unknown } }

async function deleteNftChains(family: string, interfaces: string[]): Promise<void> {
  // LXD keeps the rules of all its bridges, other LXDs' on this machine too, in one table.
  const { code, stdout } = await attempt('nft', ['-j', 'list', 'table', family, 'lxd'])
  if (code !== 0) return
  const { nftables } = JSON.parse(stdout) as { nftables: NftObject[] }
  const isOurs = (name: string) =>
    interfaces.some((one) => name.endsWith(`.${one}`)) ||
    nftables.some(
      ({ rule }) => rule?.chain === name && interfaces.some((one) => JSON.stringify(rule.expr).includes(`"${one}"`)),
    )
  const chains = nftables.flatMap(({ chain }) => chain?.name ?? [])
  const ours = chains.filter(isOurs)
  for (const name of ours) {
    await attempt('nft', ['flush', 'chain', family, 'lxd', name])
    await attempt('nft', ['delete', 'chain', family, 'lxd', name])
  }
  if (chains.length === ours.length) await attempt('nft', ['delete', 'table', family, 'lxd'])
}

async function deleteIptablesRules(bridge: string, table: string): Promise<void> {
  // Where iptables rules were there first (Docker), LXD uses iptables and marks its rules with a comment.
  const { code, stdout } = await attempt('iptables', ['-w', '-t', table, '-S'])
  if (code !== 0) return
  const ours = stdout.split('\n').filter((line) => line.startsWith('-A ') && line.includes(`LXD network ${bridge}"`))
  if (ours.length === 0) return
  const input = [`*${table}`, ...ours.map((line) => line.replace('-A ', '-D ')), 'COMMIT', ''].join('\n')
  await attempt('iptables-restore', ['-w', '--noflush'], { input })
}
