// From what is asked on the command line to what the renderers take.
import type { Authority } from '../../authority/authority.ts'
import type { Credential } from '../../authority/credential.ts'
import { InvalidRequestError } from '../../errors.ts'
import type { Component, RenderOptions } from '../../render/index.ts'
import { purposeOf } from '../../render/server.ts'
import type { SecretStore } from '../../secrets/store.ts'
import { sharedSecret, turnSecret } from './secrets.ts'

export type ServerFlags = {
  dns: string[]
  ip: string[]
  address?: string
  port?: number
  client: string[]
  sharedToken?: boolean
  store?: string
  host?: string
  peerPort?: number
  member: string[]
  peer: string[]
  publicAddress?: string
  plainPort?: number
  relayPorts?: [number, number]
}

/** What each component takes besides the common options. */
const own: Record<Component, readonly (keyof ServerFlags)[]> = {
  nats: ['client', 'sharedToken', 'store'],
  etcd: ['store', 'host', 'peerPort', 'member'],
  coturn: ['peer', 'publicAddress', 'plainPort', 'relayPorts'],
  lxd: [],
}

/** @throws {InvalidRequestError} for an option of another component: nothing that was asked for is passed over */
export function checkFlags(component: Component, flags: ServerFlags): void {
  const others = Object.values(own).flat()
  for (const flag of others) {
    const value = flags[flag]
    const given = Array.isArray(value) ? value.length > 0 : value !== undefined
    if (given && !own[component].includes(flag)) {
      const written = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      throw new InvalidRequestError(`--${written} is no option of ${component}`)
    }
  }
  if (component === 'nats' && (flags.sharedToken === true) === flags.client.length > 0)
    throw new InvalidRequestError('name the clients of NATS with --client, or say --shared-token')
}

export async function optionsOf<Name extends Component>(
  component: Name,
  flags: ServerFlags,
  server: { directory: string; name: string; credential: Credential; authority: Authority; store: SecretStore },
): Promise<RenderOptions[Name]> {
  const { directory, name, credential, authority, store } = server
  const purpose = purposeOf(component)
  const { address, port } = flags
  const common = {
    ...{ directory, credential, trust: authority.trusted(purpose) },
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
  }
  const makers: { [Each in Component]: () => RenderOptions[Each] | Promise<RenderOptions[Each]> } = {
    nats: () => ({
      ...common,
      name,
      ...natsAccess(flags, store),
      ...(flags.store !== undefined && { store: flags.store }),
    }),
    etcd: async () => ({
      ...common,
      name,
      crl: await authority.crl('etcd'),
      host: flags.host ?? flags.dns[0] ?? 'localhost',
      members: Object.fromEntries(flags.member.map(readMember)),
      ...(flags.peerPort !== undefined && { peerPort: flags.peerPort }),
      ...(flags.store !== undefined && { store: flags.store }),
    }),
    coturn: () => ({
      ...common,
      secrets: turnSecret(store),
      ...(flags.peer.length > 0 && { peers: flags.peer }),
      ...(flags.publicAddress !== undefined && { publicAddress: flags.publicAddress }),
      ...(flags.plainPort !== undefined && { plainPort: flags.plainPort }),
      ...(flags.relayPorts && { relayPorts: flags.relayPorts }),
    }),
    lxd: () => common,
  }
  return makers[component]()
}

function natsAccess({ client, sharedToken }: ServerFlags, store: SecretStore) {
  if (sharedToken) return { token: newest(sharedSecret(store, 'nats', 'nats')) }
  const clients = client.map((name) => {
    const identity = `anbox:messaging/client/${name}`
    return { identity, token: newest(sharedSecret(store, `nats-${name}`, 'nats', identity)) }
  })
  return { clients }
}

/** nats-server knows one token for a user: while it is rotated, what it accepts is the new one. */
function newest([value = '']: string[]): string {
  return value
}

function readMember(text: string): [string, string] {
  const [name = '', url = '', ...more] = text.split('=')
  if (!name || !url || more.length > 0) throw new InvalidRequestError(`"${text}" is not NAME=https://HOST:PORT`)
  return [name, url]
}
