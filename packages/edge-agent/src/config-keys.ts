// Every key of the configuration: the help text and the reference page are made of it.
import { hostname } from 'node:os'

export type Kind = 'text' | 'port' | 'seconds' | 'minutes' | 'days' | 'count' | 'list' | 'level'
export type Key = { path: string; kind: Kind; default?: unknown; about: string }

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'silent']

export const keys: Key[] = [
  { path: 'stateDirectory', kind: 'text', default: '/var/lib/anbox-edge', about: 'store, upload spool, kept logs' },
  { path: 'lxd.socket', kind: 'text', about: "LXD's unix socket; looked for where Debian and the snap put it" },
  {
    path: 'lxd.project',
    kind: 'text',
    default: 'anbox',
    about: 'LXD project of the Android systems; made by the agent, restricted',
  },
  {
    path: 'lxd.instancesPerProject',
    kind: 'count',
    default: 32,
    about: 'instances in one LXD project; more go to another, named with -2, -3 and so on',
  },
  { path: 'lxd.storagePool', kind: 'text', default: 'default', about: 'LXD storage pool; must exist' },
  { path: 'lxd.network', kind: 'text', default: 'anboxbr0', about: 'managed LXD bridge; must exist' },
  { path: 'api.address', kind: 'text', default: '127.0.0.1', about: 'address of the HTTPS API' },
  { path: 'api.port', kind: 'port', default: 8444, about: 'port of the HTTPS API' },
  { path: 'api.socket', kind: 'text', about: 'unix socket of the API; by default unix.socket in stateDirectory' },
  { path: 'api.certificate', kind: 'text', default: '', about: 'PEM file: server certificate and its intermediates' },
  { path: 'api.key', kind: 'text', default: '', about: 'PEM file: key of the server certificate' },
  {
    path: 'api.trustedCertificates',
    kind: 'list',
    default: [],
    about: 'PEM files: CAs (or single certificates) whose clients are trusted',
  },
  {
    path: 'api.revocationLists',
    kind: 'list',
    default: [],
    about:
      'PEM files: for each CA that signs clients its revocation list and its certificate; a client of another CA is refused then',
  },
  { path: 'enrolment.url', kind: 'text', default: '', about: 'EST server that gives this machine its certificate' },
  {
    path: 'enrolment.tokenFile',
    kind: 'text',
    default: '',
    about: 'file with the one-time token; removed once the machine is enrolled',
  },
  {
    path: 'enrolment.ca',
    kind: 'text',
    default: '',
    about: 'PEM file: the shared root, by which the EST server is known',
  },
  { path: 'node.name', kind: 'text', default: hostname(), about: 'name of this machine in the API' },
  { path: 'node.privateAddress', kind: 'text', default: '127.0.0.1', about: 'where service ports are opened' },
  {
    path: 'node.publicAddress',
    kind: 'text',
    default: '127.0.0.1',
    about: 'where service ports with "expose" are opened',
  },
  {
    path: 'bootCheck.command',
    kind: 'list',
    default: ['getprop', 'sys.boot_completed'],
    about: 'run in the guest until it prints bootCheck.expect',
  },
  { path: 'bootCheck.expect', kind: 'text', default: '1', about: 'what the boot check must print' },
  { path: 'bootCheck.timeoutSeconds', kind: 'seconds', default: 300, about: 'how long Android may take to boot' },
  {
    path: 'images.ca',
    kind: 'text',
    default: '',
    about: 'PEM file: CA of the image server (images.url of PATCH /1.0/config), where it is one of your own',
  },
  {
    path: 'images.keyring',
    kind: 'text',
    default: '',
    about: 'keyring (of gpg) by which the lists of the image server must be signed; unsigned ones are taken without',
  },
  {
    path: 'warm.of',
    kind: 'list',
    default: [],
    about: 'names of images and applications of which instances are made ahead, for launches to take',
  },
  {
    path: 'warm.prepared',
    kind: 'count',
    default: 2,
    about: 'instances of each that are made and stopped; they hold disk',
  },
  {
    path: 'warm.paused',
    kind: 'count',
    default: 0,
    about:
      'instances of each that have booted and are frozen; they hold disk, memory and CPU. Only for launches without user data',
  },
  {
    path: 'patch.kinds',
    kind: 'list',
    default: ['images', 'applications'],
    about: 'what is kept patched: images, applications, snaps, packages',
  },
  {
    path: 'patch.windows',
    kind: 'list',
    default: [],
    about: 'when patches go in, such as "Sat,Sun 02:00-06:00"; at any time where there is none',
  },
  { path: 'patch.timeZone', kind: 'text', default: 'UTC', about: 'time zone of the windows, such as Europe/Berlin' },
  { path: 'patch.checkMinutes', kind: 'minutes', default: 360, about: 'minutes between two looks for something newer' },
  {
    path: 'patch.maximumDeferralDays',
    kind: 'days',
    default: 14,
    about: 'days after which a patch goes in whatever windows, waves and holds say',
  },
  {
    path: 'patch.waves',
    kind: 'list',
    default: [],
    about:
      'of a fleet: "1:0", "10:24", "100:72" let one percent of the machines begin, a tenth a day later, all after three',
  },
  {
    path: 'patch.drainMinutes',
    kind: 'minutes',
    default: 60,
    about: 'minutes that instances get to end before a restart',
  },
  {
    path: 'patch.graceSeconds',
    kind: 'seconds',
    default: 300,
    about: 'seconds that a new fault may take to go away by itself before a patch is taken back',
  },
  {
    path: 'patch.instances',
    kind: 'text',
    default: 'keep',
    about:
      '"roll" makes the instances of an image anew from its new version, which loses their data; "keep" lets them be',
  },
  { path: 'patch.reboot', kind: 'text', default: 'no', about: '"yes" restarts the machine where a patch asks for it' },
  { path: 'patch.keepVersions', kind: 'count', default: 0, about: 'versions of an image kept beside the proven one' },
  { path: 'patch.pins', kind: 'list', default: [], about: 'what stays at a version, such as snaps/lxd=24322' },
  {
    path: 'patch.snapChannels',
    kind: 'list',
    default: [],
    about: 'channels that snaps follow, such as lxd=5.21/stable; the others follow what they were installed from',
  },
  { path: 'patch.lockUrl', kind: 'text', default: '', about: 'FleetLock server that is asked before a patch goes in' },
  { path: 'patch.lockGroup', kind: 'text', default: 'default', about: 'group of this machine at the FleetLock server' },
  {
    path: 'patch.lockCa',
    kind: 'text',
    default: '',
    about: 'PEM file: CA of the FleetLock server, where it is one of your own',
  },
  { path: 'log.level', kind: 'level', default: 'info', about: levels.join(', ') },
]
