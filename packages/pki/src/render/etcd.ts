// etcd, configured by its environment: its YAML file has no field for the revocation list. Checked with 3.4.23:
// - it knows no minimum of TLS versions. With an ECDSA certificate and only a suite of RSA, nothing is left but TLS 1.3;
// - the certificate of a server is a client's too: the JSON gateway calls its own server with it;
// - every certificate of the trusted CA is full access, at the peer port too, unless it is held to a name there: only
//   the certificates of servers have `peerName`;
// - certificate and revocation list are read at each connection, and open connections live on; the CA needs a restart.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { keyFromPem, keyTypeOf } from '../authority/key.ts'
import { InvalidRequestError } from '../errors.ts'
import {
  checkAddress,
  checkAnchors,
  checkPath,
  checkPort,
  checkWord,
  credentialFiles,
  hostPort,
  publicFile,
  type Rendered,
  type ServerOptions,
} from './rendered.ts'

/** DNS name by which the members of a cluster know each other's certificates. */
export const etcdPeerName = 'etcd-peer'

export type EtcdOptions = ServerOptions & {
  /** PEM: the intermediate for etcd, and no other. */
  trust: string
  /** PEM: its list of revoked certificates. */
  crl: string
  /** The member's own name in the cluster; `default` unless said. */
  name?: string
  /** The name by which others reach it, which must be in its certificate; the address unless said. */
  host?: string
  /** 2379 unless said. */
  port?: number
  /** 2380 unless said. */
  peerPort?: number
  /** Absolute path; /var/lib/etcd/default unless said, as in Debian. */
  store?: string
  /** The other members of a cluster that begins now, with the address of their peer ports: `https://HOST:2380`. */
  members?: Readonly<Record<string, string>>
}

/** @throws {InvalidRequestError} for a value that the environment cannot hold, or a certificate that will not do */
export function renderEtcd(options: EtcdOptions): Rendered {
  const directory = checkPath(options.directory, 'directory')
  const address = checkAddress(options.address)
  const [port, peerPort] = [checkPort(options.port ?? 2379), checkPort(options.peerPort ?? 2380)]
  const host = options.host === undefined ? address : checkWord(options.host, 'host')
  const name = checkWord(options.name ?? 'default', 'name')
  checkCredential(options, host)
  const peer = `https://${hostPort(host, peerPort)}`
  const [certificate, key, trust, crl] = ['server.crt', 'server.key', 'clients.ca', 'clients.crl'].map(
    (file) => `${directory}/${file}`,
  ) as [string, string, string, string]
  if (!/-----BEGIN X509 CRL-----/.test(options.crl))
    throw new InvalidRequestError('crl holds no revocation list in PEM')
  const env = {
    ETCD_NAME: name,
    ETCD_DATA_DIR: checkPath(options.store ?? '/var/lib/etcd/default', 'store'),
    ETCD_LISTEN_CLIENT_URLS: `https://${hostPort(address, port)}`,
    ETCD_ADVERTISE_CLIENT_URLS: `https://${hostPort(host, port)}`,
    ETCD_CERT_FILE: certificate,
    ETCD_KEY_FILE: key,
    ETCD_TRUSTED_CA_FILE: trust,
    ETCD_CLIENT_CRL_FILE: crl,
    ETCD_CLIENT_CERT_AUTH: 'true',
    ETCD_LISTEN_PEER_URLS: `https://${hostPort(address, peerPort)}`,
    ETCD_INITIAL_ADVERTISE_PEER_URLS: peer,
    ETCD_INITIAL_CLUSTER: [`${name}=${peer}`, ...others(options.members)].join(','),
    ETCD_PEER_CERT_FILE: certificate,
    ETCD_PEER_KEY_FILE: key,
    ETCD_PEER_TRUSTED_CA_FILE: trust,
    ETCD_PEER_CRL_FILE: crl,
    ETCD_PEER_CLIENT_CERT_AUTH: 'true',
    ETCD_PEER_CERT_ALLOWED_HOSTNAME: etcdPeerName,
    // For TLS 1.2 this leaves a suite that our certificate cannot serve; those of TLS 1.3 cannot be switched off.
    ETCD_CIPHER_SUITES: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
    ETCD_LOGGER: 'zap',
  }
  const lines = Object.entries(env).map(([variable, value]) => `${variable}=${value}`)
  return {
    files: [
      ...credentialFiles(options.credential),
      publicFile('clients.ca', 'trust', checkAnchors(options.trust, 'trust')),
      publicFile('clients.crl', 'revocation', options.crl),
      publicFile('etcd.env', 'configuration', `${lines.join('\n')}\n`),
    ],
    reload: { configuration: 'restart', leaf: 'none', trust: 'restart', revocation: 'none' },
    start: { command: 'etcd', args: [], env },
  }
}

function checkCredential({ credential }: EtcdOptions, host: string): void {
  const leaf = new X509Certificate(credential.certificate)
  if (keyTypeOf(keyFromPem(credential.key)) === 'rsa-4096')
    throw new InvalidRequestError("etcd's own key must be ECDSA: with RSA it would speak TLS 1.2")
  for (const name of [etcdPeerName, host]) {
    if (!(isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: 'never' })))
      throw new InvalidRequestError(`the certificate of the etcd server must have the name ${name}`)
  }
  const [server, client] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']
  if (![server, client].every((usage) => leaf.keyUsage?.includes(usage)))
    throw new InvalidRequestError('the certificate of the etcd server must be one of kind "peer"')
}

function others(members: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(members).map(([name, url]) => {
    if (!/^https:\/\/[A-Za-z0-9.:[\]-]+:\d+$/.test(url))
      throw new InvalidRequestError(`"${url}" is not https://HOST:PORT`)
    return `${checkWord(name, 'member')}=${url}`
  })
}
