import { Connection } from '../connection/connection.ts'
import { type ClientCertificate, type Common, checkAccess, type UnixSocket } from '../connection/options.ts'
import { Api } from '../operations/api.ts'
import { Operations } from '../operations/collection.ts'
import { type EventOptions, EventStream } from '../operations/event-stream.ts'
import { Tracker } from '../operations/tracker.ts'
import { LxdImages } from './images.ts'
import { LxdInstances } from './instances.ts'
import { Named } from './named.ts'
import { LxdResources, LxdServer, StoragePools } from './server.ts'
import type {
  Network,
  NetworkPut,
  NetworksPost,
  Profile,
  ProfilePut,
  ProfilesPost,
  Project,
  ProjectPut,
  ProjectsPost,
} from './types.ts'

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
  readonly projects: Named<Project, ProjectsPost, ProjectPut>
  readonly profiles: Named<Profile, ProfilesPost, ProfilePut>
  readonly networks: Named<Network, NetworksPost, NetworkPut>
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
    this.projects = new Named(api, '/1.0/projects')
    this.profiles = new Named(api, '/1.0/profiles')
    this.networks = new Named(api, '/1.0/networks')
    this.storagePools = new StoragePools(api, '/1.0/storage-pools')
    this.images = new LxdImages(api)
    this.instances = new LxdInstances(api)
    this.operations = new Operations(api)
  }

  /** The same server as another project: it shares the connection and the event socket, and closing one closes all. */
  project(name: string): LxdClient {
    const api = new Api(this.#api.tracker, { ...this.#api.query, project: name })
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
