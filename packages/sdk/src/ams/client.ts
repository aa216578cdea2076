import { Connection } from '../connection/connection.ts'
import {
  type ClientCertificate,
  type Common,
  checkAccess,
  type TokenAccess,
  type UnixSocket,
} from '../connection/options.ts'
import { Authorization } from '../connection/token.ts'
import { Api } from '../operations/api.ts'
import { Operations } from '../operations/collection.ts'
import { type EventOptions, EventStream } from '../operations/event-stream.ts'
import { Tracker } from '../operations/tracker.ts'
import { AmsCertificates } from './certificates.ts'
import { AmsImages } from './images.ts'
import { AmsInstances } from './instances.ts'
import { AmsNodes } from './nodes.ts'
import { AmsConfig, AmsService, AmsTasks } from './service.ts'

/** A token is an access token of the OIDC provider that AMS is configured with. */
export type AmsOptions = (UnixSocket | ClientCertificate | TokenAccess) & Common

/** AMS: Canonical's in a data centre, or the agent on an edge machine. */
export class AmsClient implements AsyncDisposable {
  readonly connection: Connection
  readonly service: AmsService
  readonly instances: AmsInstances
  readonly images: AmsImages
  readonly nodes: AmsNodes
  readonly certificates: AmsCertificates
  readonly config: AmsConfig
  readonly operations: Operations
  readonly tasks: AmsTasks

  constructor(options: AmsOptions) {
    checkAccess(options, 'socket', 'certificate', 'token')
    const { token, ...rest } = options
    const authorization = token === undefined ? undefined : new Authorization('Bearer ', token)
    this.connection = new Connection({ ...rest, authorization })
    const api = new Api(new Tracker(this.connection, [{ type: 'operation' }]))
    this.service = new AmsService(api)
    this.instances = new AmsInstances(api)
    this.images = new AmsImages(api)
    this.nodes = new AmsNodes(api)
    this.certificates = new AmsCertificates(api)
    this.config = new AmsConfig(api)
    this.operations = new Operations(api)
    this.tasks = new AmsTasks(api)
  }

  /** Whether the server has a feature, by its name in `api_extensions`. Asks once. */
  hasExtension(name: string): Promise<boolean> {
    return this.service.hasExtension(name)
  }

  /** Lifecycle and operation events. Reconnects by itself, and says so with a `gap` event. */
  events(options: EventOptions = {}): EventStream {
    return new EventStream(this.connection, {}, options)
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
