import { Connection } from '../connection/connection.ts'
import { type ClientCertificate, type Common, checkAccess, type UnixSocket } from '../connection/options.ts'
import { Api } from '../operations/api.ts'
import { Operations } from '../operations/collection.ts'
import { type EventOptions, EventStream } from '../operations/event-stream.ts'
import { Tracker } from '../operations/tracker.ts'
import { LxdCertificates } from './certificates.ts'
import { LxdCluster } from './cluster.ts'
import { LxdImages } from './images.ts'
import { LxdInstances } from './instances.ts'
import { LxdNetworks, NetworkAcls, NetworkZones } from './networks.ts'
import { LxdProfiles, LxdProjects } from './projects.ts'
import { type LxdAnswer, type LxdPath, type LxdRequest, rawRequest } from './raw.ts'
import { LxdMetrics, LxdResources, LxdServer } from './server.ts'
import { StoragePools } from './storage.ts'
import { LxdWarnings } from './warnings.ts'

export type LxdOptions = (UnixSocket | ClientCertificate) &
  Common & {
    /** LXD's own default unless said. */
    project?: string
    /** Member of a cluster. */
    target?: string
  }

/** LXD, as one project of it. Authentication is by unix socket or client certificate; there are no tokens. */
export class LxdClient implements AsyncDisposable {
  readonly connection: Connection
  readonly server: LxdServer
  readonly resources: LxdResources
  readonly metrics: LxdMetrics
  readonly warnings: LxdWarnings
  readonly certificates: LxdCertificates
  readonly cluster: LxdCluster
  readonly projects: LxdProjects
  readonly profiles: LxdProfiles
  readonly networks: LxdNetworks
  readonly networkAcls: NetworkAcls
  readonly networkZones: NetworkZones
  readonly storagePools: StoragePools
  readonly images: LxdImages
  readonly instances: LxdInstances
  readonly operations: Operations
  readonly #api: Api

  constructor(options: LxdOptions) {
    const api = (options as { [shared]?: Api })[shared] ?? firstApi(options)
    this.#api = api
    this.connection = api.connection
    this.server = new LxdServer(api)
    this.resources = new LxdResources(api)
    this.metrics = new LxdMetrics(api)
    this.warnings = new LxdWarnings(api)
    this.certificates = new LxdCertificates(api)
    this.cluster = new LxdCluster(api)
    this.projects = new LxdProjects(api)
    this.profiles = new LxdProfiles(api)
    this.networks = new LxdNetworks(api)
    this.networkAcls = new NetworkAcls(api)
    this.networkZones = new NetworkZones(api)
    this.storagePools = new StoragePools(api)
    this.images = new LxdImages(api)
    this.instances = new LxdInstances(api)
    this.operations = new Operations(api)
  }

  /**
   * Any request of LXD's 5.0 API, typed by its description: `request('GET', '/1.0/instances/{name}', { path: { name } })`. Where
   * LXD makes an operation of it, its end is waited for.
   */
  request<M extends 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', P extends LxdPath<M>>(
    method: M,
    path: P,
    ...[options]: object extends LxdRequest<M, P> ? [LxdRequest<M, P>?] : [LxdRequest<M, P>]
  ): Promise<LxdAnswer<M, P>> {
    return rawRequest(this.#api, method, path, (options ?? {}) as LxdRequest<M, P>)
  }

  /** The same server as another project: it shares the connection and the event socket, and closing one closes all. */
  project(name: string): LxdClient {
    return this.#scoped({ project: name })
  }

  /** The same, for one member of a cluster. */
  target(member: string): LxdClient {
    return this.#scoped({ target: member })
  }

  #scoped(query: { project?: string; target?: string }): LxdClient {
    const api = new Api(this.#api.tracker, { ...this.#api.query, ...query })
    return new LxdClient({ [shared]: api } as unknown as LxdOptions)
  }

  /** Lifecycle, operation and log events of the project. Reconnects by itself, and says so with a `gap` event. */
  events(options: EventOptions & { allProjects?: boolean } = {}): EventStream {
    const { project } = this.#api.query
    return new EventStream(this.connection, options.allProjects ? { 'all-projects': true } : { project }, options)
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const shared = Symbol('shared')

function firstApi({ project, target, ...options }: LxdOptions): Api {
  checkAccess(options, 'socket', 'certificate')
  const connection = new Connection(options)
  // Operations of all projects come over one socket; a caller restricted to some projects is refused that, and gets
  // those of its own.
  const queries = [
    { type: 'operation', 'all-projects': true },
    { type: 'operation', project },
  ]
  return new Api(new Tracker(connection, queries), { project, target })
}
