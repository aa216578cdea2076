// nats-server. Checked with 2.9.10:
// - it knows no `min_version`: TLS 1.3 only is reached by listing only suites of TLS 1.3;
// - `verify_and_map` takes the user's name from the certificate (e-mail, then DNS, then URI), *and* compares the password
//   of that user. So a client needs its certificate and its own token, and neither helps with another's;
// - a single `token` and users exclude each other, and an empty list of users lets everybody in whom the CA has signed;
// - it knows no revocation list. A user taken away, or a changed token, is cut off at SIGHUP, connections that are open too.
import { InvalidRequestError } from '../errors.ts'
import {
  checkAddress,
  checkAnchors,
  checkPath,
  checkPort,
  checkSecret,
  checkWord,
  credentialFiles,
  hostPort,
  publicFile,
  type Rendered,
  type ServerOptions,
  secretFile,
} from './rendered.ts'

/** `identity` is the URI in the client's certificate, or the e-mail address if it has one. */
export type NatsClient = { identity: string; token: string }

export type NatsOptions = ServerOptions & {
  /** PEM: the intermediate for messaging. No other CA's certificates get in. */
  trust: string
  /** 4222 unless said. */
  port?: number
  /** The server's name in its log; `nats` unless said. */
  name?: string
  /** Absolute path, for JetStream; it is off unless said. */
  store?: string
} & (
    | { clients: readonly NatsClient[]; token?: never }
    /** One token for everybody, as Anbox Cloud's own components present it. It cannot be taken from one of them. */
    | { token: string; clients?: never }
  )

const suites = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']
const identityPattern = /^[A-Za-z][A-Za-z0-9+.:/@_-]*$/

/** @throws {InvalidRequestError} for a value that the configuration cannot hold */
export function renderNats(options: NatsOptions): Rendered {
  const directory = checkPath(options.directory, 'directory')
  const file = `${directory}/nats-server.conf`
  const listen = hostPort(checkAddress(options.address), checkPort(options.port ?? 4222))
  const { verify, authorization } = options.clients ? ofClients(options.clients) : ofToken(options.token)
  const lines = [
    `listen: "${listen}"`,
    `server_name: "${checkWord(options.name ?? 'nats', 'name')}"`,
    'tls {',
    `  cert_file: "${directory}/server.crt"`,
    `  key_file: "${directory}/server.key"`,
    `  ca_file: "${directory}/clients.ca"`,
    `  ${verify}: true`,
    '  # These suites exist in TLS 1.3 only, so nothing older can be spoken.',
    `  cipher_suites: [${suites.map((suite) => `"${suite}"`).join(', ')}]`,
    '  timeout: 5',
    '}',
    ...authorization,
    ...(options.store ? ['jetstream {', `  store_dir: "${checkPath(options.store, 'store')}"`, '}'] : []),
  ]
  return {
    files: [
      ...credentialFiles(options.credential),
      publicFile('clients.ca', 'trust', checkAnchors(options.trust, 'trust')),
      secretFile('nats-server.conf', 'configuration', `${lines.join('\n')}\n`),
    ],
    reload: { configuration: 'SIGHUP', leaf: 'SIGHUP', trust: 'SIGHUP', revocation: 'SIGHUP' },
    start: { command: 'nats-server', args: ['--config', file], env: {} },
  }
}

function ofClients(clients: readonly NatsClient[]) {
  const twice = clients.find(({ identity }, index) => clients.findIndex((one) => one.identity === identity) !== index)
  if (twice) throw new InvalidRequestError(`client "${twice.identity}" is there twice`)
  const users = clients.map(({ identity, token }) => {
    if (!identityPattern.test(identity)) throw new InvalidRequestError(`"${identity}" is no identity of a client`)
    return `    { user: "${identity}", password: "${checkSecret(token, 'NATS token')}" }`
  })
  // No certificate can have this name: it is neither an address, nor a DNS name, nor a URI, nor a subject.
  const nobody =
    '    { user: "(nobody)", password: "(nothing)", permissions: { publish: { deny: ">" }, subscribe: { deny: ">" } } }'
  const list = users.length > 0 ? users : [nobody]
  return { verify: 'verify_and_map', authorization: ['authorization {', '  users: [', ...list, '  ]', '}'] }
}

function ofToken(token: string) {
  return { verify: 'verify', authorization: ['authorization {', `  token: "${checkSecret(token, 'NATS token')}"`, '}'] }
}
