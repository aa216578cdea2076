// What the routes call. Nothing below `api/` knows HTTP.

import type { Addons } from '../catalogue/addons.ts'
import type { Applications } from '../catalogue/applications.ts'
import type { Exporter } from '../catalogue/export.ts'
import type { Images } from '../catalogue/images.ts'
import type { Importer } from '../catalogue/import.ts'
import type { Publisher } from '../catalogue/publish.ts'
import type { Spool } from '../catalogue/spool.ts'
import type { Config } from '../config.ts'
import type { FailureLogs } from '../host/failure-log.ts'
import type { Instances } from '../host/instances.ts'
import type { MachineWatch } from '../host/machine.ts'
import type { NodeSettings } from '../host/node-settings.ts'
import type { Projects } from '../host/projects.ts'
import type { EventHub } from '../operations/events.ts'
import type { Operations } from '../operations/operations.ts'
import type { Attestation } from '../patch/attestation.ts'
import type { Patching } from '../patch/engine.ts'
import type { Settings } from '../store/settings.ts'
import type { Logger } from '../system/log.ts'
import type { Enrolment } from '../trust/enrolment.ts'
import type { EventTokens } from '../trust/event-tokens.ts'
import type { Identities } from '../trust/identities.ts'
import type { Revocation } from '../trust/revocation.ts'
import type { TrustStore } from '../trust/trust-store.ts'

export type Services = {
  config: Config
  projects: Projects
  instances: Instances
  images: Images
  applications: Applications
  addons: Addons
  spool: Spool
  exporter: Exporter
  importer: Importer
  patching: Patching
  attestation: Attestation
  publisher: Publisher
  identities: Identities
  eventTokens: EventTokens
  operations: Operations
  events: EventHub
  machine: MachineWatch
  node: NodeSettings
  settings: Settings
  /** To be called after one was set. */
  settingsChanged: () => void
  trust: TrustStore
  revocation: Revocation
  enrolment: Enrolment
  logs: FailureLogs
  log: Logger
}
