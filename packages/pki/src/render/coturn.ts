// coturn. Checked with 4.6.1:
// - TLS 1.3 only is reached by switching the older ones off. There is no DTLS 1.3, so DTLS is off too;
// - with `no-tcp` and `no-udp` the TLS port resets who speaks without TLS;
// - several `static-auth-secret` lines are valid at once, and changing them takes a restart, which ends running relays.
//   SIGUSR2 reads the certificate again;
// - loopback peers are refused, multicast ones only with `no-multicast-peers`.
import { isIPv4 } from 'node:net'
import { InvalidRequestError } from '../errors.ts'
import {
  checkAddress,
  checkPath,
  checkPort,
  checkSecret,
  checkWord,
  credentialFiles,
  type Rendered,
  type ServerOptions,
  secretFile,
} from './rendered.ts'

export type CoturnOptions = ServerOptions & {
  /** The secrets that temporary users are made with, the newest first; two while one is rotated. */
  secrets: readonly string[]
  /** 5349 unless said. */
  port?: number
  /** `anbox` unless said. */
  realm?: string
  /** Ports of the relays; 50000 to 51000 unless said, as Anbox Cloud documents them. */
  relayPorts?: readonly [number, number]
  /** The public address, where the server is behind a NAT. */
  publicAddress?: string
  /**
   * Whom a user may reach: IPv4 addresses, or ranges FIRST-LAST. Unless said that is everybody but loopback, multicast
   * and link-local addresses, which includes the networks that the server itself is in.
   */
  peers?: readonly string[]
  /**
   * Plain TURN over UDP and TCP at this port too, for viewers whose network lets TLS through slowly. Passwords are not
   * sent there either, and media is encrypted from end to end; who talks to whom can be seen.
   */
  plainPort?: number
}

/** @throws {InvalidRequestError} for a value that the configuration cannot hold */
export function renderCoturn(options: CoturnOptions): Rendered {
  const directory = checkPath(options.directory, 'directory')
  const address = checkAddress(options.address)
  const [first, last] = options.relayPorts ?? [50_000, 51_000]
  if (checkPort(first) > checkPort(last)) throw new InvalidRequestError(`relay ports ${first} to ${last} are none`)
  if (options.secrets.length === 0) throw new InvalidRequestError('coturn needs a secret')
  const lines = [
    // Unless said it is every address.
    ...(['0.0.0.0', '::'].includes(address) ? [] : [`listening-ip=${address}`, `relay-ip=${address}`]),
    ...(options.publicAddress ? [`external-ip=${checkAddress(options.publicAddress)}`] : []),
    `tls-listening-port=${checkPort(options.port ?? 5349)}`,
    ...(options.plainPort ? [`listening-port=${checkPort(options.plainPort)}`] : ['no-udp', 'no-tcp']),
    'no-dtls',
    'no-tlsv1',
    'no-tlsv1_1',
    'no-tlsv1_2',
    `cert=${directory}/server.crt`,
    `pkey=${directory}/server.key`,
    `min-port=${first}`,
    `max-port=${last}`,
    'no-tcp-relay',
    'no-multicast-peers',
    ...peerLines(options.peers),
    `realm=${checkWord(options.realm ?? 'anbox', 'realm')}`,
    'fingerprint',
    'stale-nonce=600',
    'use-auth-secret',
    ...options.secrets.map((secret) => `static-auth-secret=${checkSecret(secret, 'TURN secret')}`),
    '# A database of its own: whoever is in the one that is shared would get in too.',
    `userdb=${directory}/turndb`,
    `pidfile=${directory}/turnserver.pid`,
    'no-cli',
    'no-software-attribute',
    'log-file=stdout',
    'simple-log',
  ]
  return {
    files: [
      ...credentialFiles(options.credential),
      secretFile('turnserver.conf', 'configuration', `${lines.join('\n')}\n`),
    ],
    reload: { configuration: 'restart', leaf: 'SIGUSR2', trust: 'none', revocation: 'none' },
    start: { command: 'turnserver', args: ['-c', `${directory}/turnserver.conf`], env: {} },
  }
}

function peerLines(peers: readonly string[] | undefined): string[] {
  if (!peers)
    return [
      'denied-peer-ip=169.254.0.0-169.254.255.255',
      'denied-peer-ip=fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]
  // What is allowed by name goes before what is denied.
  return [
    ...peers.map((peer) => {
      const ends = peer.split('-')
      if (ends.length > 2 || !ends.every((end) => isIPv4(end)))
        throw new InvalidRequestError(`"${peer}" is neither an IPv4 address nor a range FIRST-LAST of them`)
      return `allowed-peer-ip=${peer}`
    }),
    'denied-peer-ip=0.0.0.0-255.255.255.255',
    'denied-peer-ip=::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  ]
}
