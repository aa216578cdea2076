// The agent's memory: one SQLite file in the state directory, every write synced to the disk before it returns.
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Collection } from './collection.ts'
import type { Hold, PatchEnd, PatchRecord } from './patch-records.ts'
import type {
  AddonRecord,
  ApplicationRecord,
  CertificateRecord,
  GroupRecord,
  IdentityRecord,
  ImageRecord,
  InstanceRecord,
  OperationRecord,
  SettingRecord,
} from './records.ts'

/** Records of the agents before 0.2 know nothing of applications, addons and versions of images. */
const completeInstance = (record: InstanceRecord): InstanceRecord => ({
  ...record,
  base: record.base ?? false,
  addons: record.addons ?? [],
  config: { ...{ devmode: false, features: '', platform: '' }, ...record.config },
})
const completeImage = (record: ImageRecord): ImageRecord => ({
  ...record,
  nextVersion: record.nextVersion ?? record.versions.length,
  versions: record.versions.map((version) => ({ ...{ holds: false, readsSession: false }, ...version })),
})

export class Store {
  readonly #database: DatabaseSync
  readonly instances: Collection<InstanceRecord>
  readonly images: Collection<ImageRecord>
  readonly applications: Collection<ApplicationRecord>
  readonly addons: Collection<AddonRecord>
  readonly identities: Collection<IdentityRecord>
  readonly groups: Collection<GroupRecord>
  readonly operations: Collection<OperationRecord>
  readonly certificates: Collection<CertificateRecord>
  readonly settings: Collection<SettingRecord>
  readonly patches: Collection<PatchRecord>
  readonly patchEnds: Collection<PatchEnd>
  readonly holds: Collection<Hold>

  /** @throws when another agent has the same state directory open. */
  constructor(stateDirectory: string) {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 })
    const path = join(stateDirectory, 'agent.db')
    this.#database = new DatabaseSync(path)
    chmodSync(path, 0o600)
    try {
      // The exclusive lock is what keeps two agents from driving the same machine.
      this.#database.exec(
        'PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA user_version = 1; BEGIN EXCLUSIVE; COMMIT',
      )
    } catch (error) {
      throw new Error(`${path} is in use: another agent runs on this state directory`, { cause: error })
    }
    this.instances = new Collection(this.#database, 'instances', completeInstance)
    this.images = new Collection(this.#database, 'images', completeImage)
    this.applications = new Collection(this.#database, 'applications')
    this.addons = new Collection(this.#database, 'addons')
    this.identities = new Collection(this.#database, 'identities')
    this.groups = new Collection(this.#database, 'groups')
    this.operations = new Collection(this.#database, 'operations')
    this.certificates = new Collection(this.#database, 'certificates')
    this.settings = new Collection(this.#database, 'settings')
    this.patches = new Collection(this.#database, 'patches')
    this.patchEnds = new Collection(this.#database, 'patch_ends')
    this.holds = new Collection(this.#database, 'holds')
  }

  close(): void {
    this.#database.close()
  }
}
