import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import type { Operation } from '../operations/operation.ts'
import { Named } from './named.ts'
import type {
  Cluster,
  ClusterGroup,
  ClusterGroupPut,
  ClusterGroupsPost,
  ClusterMember,
  ClusterMemberPut,
  ClusterPut,
} from './types.ts'

export class LxdCluster {
  readonly #api: Api
  readonly members: ClusterMembers
  readonly groups: ClusterGroups

  constructor(api: Api) {
    this.#api = api
    this.members = new ClusterMembers(api)
    this.groups = new ClusterGroups(api)
  }

  /** Whether this server is in a cluster, under which name, and what a new member has to bring. */
  get(options?: CallOptions): Promise<Cluster> {
    return this.#api.get('/1.0/cluster', {}, options)
  }

  /** Makes a cluster of this server, lets it join one, or takes it out. */
  update(body: ClusterPut, options?: CallOptions): Promise<Operation> {
    return this.#api.start('PUT', '/1.0/cluster', { body, ...options })
  }

  /** The certificate and key of all members, PEM. */
  async updateCertificate(certificate: string, key: string, options?: CallOptions): Promise<void> {
    const body = { cluster_certificate: certificate, cluster_certificate_key: key }
    await this.#api.send('PUT', '/1.0/cluster/certificate', { body, ...options })
  }
}

export class ClusterMembers extends Named<ClusterMember, { server_name: string }, ClusterMemberPut> {
  constructor(api: Api) {
    super(api, '/1.0/cluster/members')
  }

  /** Lets a server of this name join; the operation's metadata hold what it has to show, its `secret` hidden when printed. */
  createToken(name: string, options?: CallOptions): Promise<Operation> {
    return this.api.start('POST', '/1.0/cluster/members', { body: { server_name: name }, ...options })
  }

  async rename(name: string, to: string, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.at(name), { body: { server_name: to }, ...options })
  }

  /** Moves or stops what runs there, or takes it back. */
  setState(name: string, action: 'evacuate' | 'restore', options?: CallOptions): Promise<Operation> {
    const at = path`/1.0/cluster/members/${name}/state`
    return this.api.start('POST', at, { body: { action }, ...options })
  }
}

export class ClusterGroups extends Named<ClusterGroup, ClusterGroupsPost, ClusterGroupPut> {
  constructor(api: Api) {
    super(api, '/1.0/cluster/groups')
  }

  async rename(name: string, to: string, options?: CallOptions): Promise<void> {
    await this.api.send('POST', this.at(name), { body: { name: to }, ...options })
  }
}
