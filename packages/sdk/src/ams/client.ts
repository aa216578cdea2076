import { Connection } from '../connection/connection.ts'
import {
  type Bearer,
  type ClientCertificate,
  type Common,
  checkAccess,
  type UnixSocket,
} from '../connection/options.ts'
import { Token } from '../connection/token.ts'
import { Api, type CallOptions } from '../operations/api.ts'
import { Operations } from '../operations/collection.ts'
import { Tracker } from '../operations/tracker.ts'
import { AmsOidc, AmsPermissions } from './access.ts'
import { AmsAddons } from './addons.ts'
import { AmsApplications } from './applications.ts'
import { AmsCertificates } from './certificates.ts'
import { AmsContainers } from './containers.ts'
import { type AmsEvents, amsEvents } from './events.ts'
import { Features } from './features.ts'
import { AmsGroups } from './groups.ts'
import { AmsIdentities } from './identities.ts'
import { AmsImages } from './images.ts'
import { AmsInstances } from './instances.ts'
import { AmsMetrics } from './metrics.ts'
import { AmsNodes } from './nodes.ts'
import { AmsRegistry } from './registry.ts'
import { AmsConfig, AmsService, AmsTasks } from './service.ts'

export type AmsOptions = (UnixSocket | ClientCertificate | Bearer) & Common

/** AMS: Canonical's in a data centre, or the agent on an edge machine. */
export class AmsClient implements AsyncDisposable {
  readonly connection: Connection
  readonly service: AmsService
  readonly instances: AmsInstances
  /** Deprecated; `instances` comes here by itself where a server has nothing else. */
  readonly containers: AmsContainers
  readonly applications: AmsApplications
  readonly images: AmsImages
  readonly addons: AmsAddons
  readonly nodes: AmsNodes
  readonly certificates: AmsCertificates
  readonly identities: AmsIdentities
  readonly groups: AmsGroups
  readonly permissions: AmsPermissions
  readonly oidc: AmsOidc
  readonly registry: AmsRegistry
  readonly config: AmsConfig
  readonly operations: Operations
  readonly tasks: AmsTasks
  readonly metrics: AmsMetrics
  /** `events()` follows them. */
  readonly events: AmsEvents
  readonly #features: Features

  /** Throws `InvalidRequestError` where the options leave open who asks, or how the server is trusted. */
  constructor(options: AmsOptions) {
    this.connection = connect(options)
    const api = new Api(new Tracker(this.connection, [{ type: 'operation' }]))
    const features = new Features(api)
    this.#features = features
    this.service = new AmsService(api, features)
    this.instances = new AmsInstances(api, features)
    this.containers = new AmsContainers(api, features)
    this.applications = new AmsApplications(api, features)
    this.images = new AmsImages(api, features)
    this.addons = new AmsAddons(api, features)
    this.nodes = new AmsNodes(api)
    this.certificates = new AmsCertificates(api)
    this.identities = new AmsIdentities(api)
    this.groups = new AmsGroups(api, features)
    this.permissions = new AmsPermissions(api)
    this.oidc = new AmsOidc(api, features)
    this.registry = new AmsRegistry(api, features)
    this.config = new AmsConfig(api)
    this.operations = new Operations(api)
    this.tasks = new AmsTasks(api)
    this.metrics = new AmsMetrics(api, features)
    this.events = amsEvents(api, this.connection)
  }

  /** Whether the server has a feature, by its name in `api_extensions`. Asks once. */
  hasExtension(name: string, options?: CallOptions): Promise<boolean> {
    return this.#features.has(name, options)
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function connect(options: AmsOptions): Connection {
  checkAccess(options, 'socket', 'certificate', 'bearer')
  const { bearer, ...server } = options
  return new Connection(server, bearer === undefined ? undefined : new Token('Bearer ', bearer))
}
