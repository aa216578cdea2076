// What each purpose's intermediate may certify. The extended key usages and name constraints are in the intermediate's own
// certificate, so OpenSSL and Go refuse what goes beyond them even when the intermediate's key is stolen. The rest (days,
// identities) is kept by this package when it issues.
//
// URIs are not constrained in certificates: OpenSSL and Go both refuse a constrained URI that has no host, and ours
// (`anbox:agent/edge1`) have none.
import { InvalidRequestError } from '../errors.ts'
import type { Kind } from './request.ts'

export const purposes = ['control', 'etcd', 'messaging', 'agents', 'instances'] as const
/** What an intermediate is for: AMS, gateway, LXD and agents' servers; etcd; NATS; the machines; the Android systems. */
export type Purpose = (typeof purposes)[number]

export type Profile = {
  /** The kinds of certificate it issues, and with them the usages in the intermediate. */
  kinds: readonly Kind[]
  /** Days until a certificate ends unless said, and at most. */
  days: number
  longest: number
  /** Whether its certificates may name hosts (DNS names, IP addresses), and e-mail addresses. */
  hosts: boolean
  email: boolean
  /** What `anbox:` identities of a kind begin with: no two purposes share one. */
  identity: (kind: Kind) => string
}

export const profiles: Record<Purpose, Profile> = {
  control: {
    kinds: ['server', 'client'],
    days: 90,
    longest: 3650,
    hosts: true,
    email: false,
    identity: (kind) => `anbox:${kind}/`,
  },
  etcd: {
    kinds: ['server', 'client', 'peer'],
    days: 90,
    longest: 825,
    hosts: true,
    email: false,
    identity: (kind) => `anbox:etcd/${kind}/`,
  },
  messaging: {
    kinds: ['server', 'client', 'peer'],
    days: 90,
    longest: 825,
    hosts: true,
    email: true,
    identity: (kind) => `anbox:messaging/${kind}/`,
  },
  agents: { kinds: ['client'], days: 30, longest: 90, hosts: false, email: false, identity: () => 'anbox:agent/' },
  instances: { kinds: ['client'], days: 7, longest: 30, hosts: false, email: false, identity: () => 'anbox:instance/' },
}

export function isPurpose(text: string): text is Purpose {
  return (purposes as readonly string[]).includes(text)
}

export function checkPurpose(text: string): Purpose {
  if (!isPurpose(text)) throw new InvalidRequestError(`"${text}" is no purpose: use ${purposes.join(', ')}`)
  return text
}
