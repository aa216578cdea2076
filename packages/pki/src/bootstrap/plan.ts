// What a machine gets with it so that it can enrol by itself, as files. It is the same by cloud-init and over SSH, but for
// the token, which SSH carries without a file.
import { X509Certificate } from 'node:crypto'
import { isAbsolute } from 'node:path'
import { fingerprintOf } from '../authority/certificate.ts'
import { type KeyType, keyTypes } from '../authority/key.ts'
import { checkName } from '../authority/request.ts'
import { InvalidRequestError } from '../errors.ts'

/** A file that a machine gets. `mode` in octal digits. */
export type MachineFile = { path: string; mode: string; content: string }

export type PlanRequest = {
  /** Name of the machine: that of its certificate, and its host name. */
  machine: string
  /** `https://HOST:PORT` of the server that it enrols at. */
  url: string
  /** PEM of the root. */
  root: string
  /** Where its key and certificate go; `/var/lib/anbox-edge/identity` unless said. */
  into?: string | undefined
  /** The type of its key; `rsa-4096` unless said. */
  key?: KeyType | undefined
  /** The agent's configuration, in YAML. */
  agentConfig?: string | undefined
  /** Public keys that may log in, one line each. */
  authorizedKeys?: readonly string[] | undefined
  /** Public keys of the CAs whose user certificates may log in. */
  userCas?: readonly string[] | undefined
  /** Public keys of the CAs whose host certificates the machine believes when it connects to others. */
  hostCas?: readonly string[] | undefined
}
/** What `enrol.json` on the machine says. */
export type EnrolSettings = {
  version: 1
  machine: string
  url: string
  into: string
  key: KeyType
  /** SHA-256 of the root beside it. */
  rootFingerprint: string
}
export type Plan = { settings: EnrolSettings; root: string; files: MachineFile[]; authorizedKeys: string[] }

/** On the machine: where the files of the bootstrap are. */
export const bootstrapDirectory = '/etc/anbox-edge/bootstrap'
/** Where the edge agent looks for it. */
const usualInto = '/var/lib/anbox-edge/identity'
const agentUnit = '/etc/systemd/system/anbox-edge.service.d/60-enrolment.conf'
const sshKeyPattern = /^[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( [ -~]*)?$/

/** @throws {InvalidRequestError} naming the value and what would do */
export function planBootstrap(request: PlanRequest): Plan {
  const { machine, root, into = usualInto, key = 'rsa-4096', agentConfig } = request
  checkName(machine)
  if (!isAbsolute(into)) throw new InvalidRequestError(`"${into}" must be an absolute path: it is one of the machine's`)
  if (!keyTypes.includes(key)) throw new InvalidRequestError(`"${key}" is no type of key`)
  const authorizedKeys = checkKeys(request.authorizedKeys)
  const rootFingerprint = fingerprintOf(new X509Certificate(root))
  const settings: EnrolSettings = { version: 1, machine, url: checkUrl(request.url), into, key, rootFingerprint }
  return {
    settings,
    root,
    authorizedKeys,
    files: [
      { path: `${bootstrapDirectory}/root.crt`, mode: '0644', content: lines(root) },
      { path: `${bootstrapDirectory}/enrol.json`, mode: '0644', content: lines(JSON.stringify(settings, null, 2)) },
      { path: agentUnit, mode: '0644', content: agentEnvironment(settings.url) },
      ...(agentConfig === undefined
        ? []
        : [{ path: '/etc/anbox-edge/config.yaml', mode: '0600', content: lines(agentConfig) }]),
      ...sshFiles(checkKeys(request.userCas), checkKeys(request.hostCas)),
    ],
  }
}

/** The agent renews what the bootstrap got. Its environment wins over its configuration, which so needs no word of it. */
function agentEnvironment(url: string): string {
  // A unit takes % for the start of a specifier.
  const variables = { ANBOX_EDGE_ENROLMENT_URL: url, ANBOX_EDGE_ENROLMENT_CA: `${bootstrapDirectory}/root.crt` }
  const lines = Object.entries(variables).map(([name, value]) => `Environment="${name}=${value.replaceAll('%', '%%')}"`)
  return `[Service]\n${lines.join('\n')}\n`
}

function sshFiles(userCas: string[], hostCas: string[]): MachineFile[] {
  const [users, hosts] = ['/etc/ssh/anbox_user_cas', '/etc/ssh/anbox_known_hosts']
  const file = (path: string, content: string) => ({ path, mode: '0644', content: lines(content) })
  return [
    ...(userCas.length === 0
      ? []
      : [file(users, userCas.join('\n')), file('/etc/ssh/sshd_config.d/60-anbox.conf', `TrustedUserCAKeys ${users}`)]),
    ...(hostCas.length === 0
      ? []
      : [
          file(hosts, hostCas.map((ca) => `@cert-authority * ${ca}`).join('\n')),
          file('/etc/ssh/ssh_config.d/60-anbox.conf', `GlobalKnownHostsFile /etc/ssh/ssh_known_hosts ${hosts}`),
        ]),
  ]
}

/** Public keys of OpenSSH: empty lines and comments are left out. */
function checkKeys(texts: readonly string[] = []): string[] {
  const keys = texts.flatMap((text) => text.split('\n')).map((line) => line.trim())
  const found = keys.filter((line) => line !== '' && !line.startsWith('#'))
  // A private key in user data would be everybody's: what is not a public one is not repeated either.
  if (!found.every((line) => sshKeyPattern.test(line)))
    throw new InvalidRequestError('what is given as a public SSH key is not one (TYPE BASE64 COMMENT, without options)')
  return found
}

function checkUrl(text: string): string {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new InvalidRequestError(`"${text}" is not the address of a server (https://HOST:PORT)`)
  return url.href.replace(/\/$/, '')
}

function lines(text: string): string {
  return `${text.trimEnd()}\n`
}
