// Files that hold secrets, by deployment, and who reads them. The lists of charmed and appliance deployments are published
// by Canonical; the services of the snaps run as root.
export type Deployment = 'charmed' | 'appliance' | 'edge' | 'authority'

export type KnownFile = {
  deployment: Deployment
  /** A component's name, as its documentation writes it. */
  component: string
  /** Absolute, or relative to the directory of an authority; `*` is any one name. */
  path: string
  /** Users (and by their group) that have to read it, besides root. */
  readers?: string[]
}

const appliance = '/var/snap/anbox-cloud-appliance/common'

export const knownFiles: readonly KnownFile[] = [
  { deployment: 'charmed', component: 'ams', path: '/var/snap/ams/common/server/settings.yaml' },
  { deployment: 'charmed', component: 'aar', path: '/var/snap/aar/common/conf/main.yaml' },
  { deployment: 'charmed', component: 'dashboard', path: '/var/snap/anbox-cloud-dashboard/common/service/config.yaml' },
  { deployment: 'charmed', component: 'stream-agent', path: '/var/snap/anbox-stream-agent/common/agent/config.yaml' },
  { deployment: 'charmed', component: 'gateway', path: '/var/snap/anbox-stream-gateway/common/service/config.yaml' },
  { deployment: 'charmed', component: 'coturn', path: '/etc/turnserver.conf', readers: ['turnserver'] },
  { deployment: 'charmed', component: 'coturn', path: '/etc/coturn/auth_secret', readers: ['turnserver'] },
  { deployment: 'charmed', component: 'nats', path: '/var/snap/nats/common/server/nats.cfg' },
  { deployment: 'appliance', component: 'appliance', path: `${appliance}/config.yaml` },
  { deployment: 'appliance', component: 'daemon', path: `${appliance}/daemon/config.yaml` },
  { deployment: 'appliance', component: 'telegraf', path: `${appliance}/telegraf/main.conf` },
  { deployment: 'appliance', component: 'stream-agent', path: `${appliance}/agent/config.yaml` },
  { deployment: 'appliance', component: 'coturn', path: `${appliance}/coturn/turnserver.conf` },
  { deployment: 'appliance', component: 'ams', path: `${appliance}/ams/server/settings.yaml` },
  { deployment: 'appliance', component: 'dashboard', path: `${appliance}/dashboard/config.yaml` },
  { deployment: 'appliance', component: 'nats', path: `${appliance}/nats/nats.cfg` },
  { deployment: 'appliance', component: 'gateway', path: `${appliance}/gateway/config.yaml` },
  { deployment: 'edge', component: 'agent', path: '/etc/anbox-edge/config.yaml' },
  { deployment: 'edge', component: 'agent', path: '/etc/anbox-edge/*.key' },
  { deployment: 'edge', component: 'agent', path: '/var/lib/anbox-edge/*.key' },
  { deployment: 'edge', component: 'enrolment', path: '/etc/anbox-edge/bootstrap/token' },
  { deployment: 'edge', component: 'enrolment', path: '/var/lib/anbox-edge/identity/certificates/*/*.key' },
  { deployment: 'edge', component: 'enrolment', path: '/var/lib/anbox-edge/identity/pending.key' },
  { deployment: 'edge', component: 'lxd', path: '/var/lib/lxd/server.key' },
  { deployment: 'edge', component: 'cloud-init', path: '/var/lib/cloud/instance/user-data.txt' },
  { deployment: 'edge', component: 'cloud-init', path: '/var/lib/cloud/seed/*/user-data' },
  { deployment: 'edge', component: 'nats', path: '/etc/nats-server.conf', readers: ['nats'] },
  { deployment: 'edge', component: 'etcd', path: '/etc/etcd/*.key', readers: ['etcd'] },
  { deployment: 'authority', component: 'root CA', path: 'root/ca.key' },
  { deployment: 'authority', component: 'intermediate CA', path: '*/ca.key' },
  { deployment: 'authority', component: 'credentials', path: 'credentials/*.key' },
  { deployment: 'authority', component: 'secrets', path: 'secrets/secrets.db' },
  { deployment: 'authority', component: 'secrets', path: 'secrets/key' },
  { deployment: 'authority', component: 'secrets', path: 'secrets/key.cred' },
]
