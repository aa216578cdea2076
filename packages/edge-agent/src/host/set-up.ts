// What is done in a guest between its start and `running`, where more is to be done than to wait for Android: an application
// is bootstrapped, addons are installed, hooks are run. In the order that AMS documents.
//
// Nothing here can be taken up in the middle: hooks are other people's. A set-up that was cut off is begun again from the
// guest's start, or, where the guest is still to be made, from its image.
import type { Packages } from '../catalogue/packages.ts'
import { changeVersion } from '../catalogue/versions.ts'
import type { Config } from '../config.ts'
import type { ApplicationVersion, GuestUpdate, InstanceRecord, Inventory } from '../store/records.ts'
import type { Store } from '../store/store.ts'
import { Android } from './android.ts'
import { bootCheck, guestAddress } from './boot-check.ts'
import { addonDirectory, applicationDirectory, Guest, GuestError, holdFile } from './guest.ts'
import { updateGuest } from './guest-updates.ts'
import { hooksOf, runHooks } from './hooks.ts'
import { inventoryOf } from './inventory.ts'
import type { Projects } from './projects.ts'

/** Milliseconds for an address before the guest's archives are asked. */
const networkPatience = 60_000

export type SetUpParts = {
  projects: Projects
  config: Config
  store: Store
  packages: Packages
  securityUpdates: () => boolean
}

export class SetUp {
  readonly #parts: SetUpParts

  constructor(parts: SetUpParts) {
    this.#parts = parts
  }

  /** Before the start: Android is to wait. */
  hold(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    return new Guest(this.#parts.projects.of(record), record.lxdName, signal).putFile(holdFile, '')
  }

  /** @throws GuestError when something in the guest went wrong. */
  async run(record: InstanceRecord, tell: (message: string) => void, signal: AbortSignal): Promise<void> {
    const { projects, packages } = this.#parts
    const guest = new Guest(projects.of(record), record.lxdName, signal)
    const android = new Android(guest)
    const version = record.setUp === 'base' ? this.#version(record) : undefined
    if (version) await this.#update(record, version, guest, tell, signal)
    if (record.setUp !== 'hooks')
      for (const { name, package: id } of record.addons) {
        tell(`installing the addon ${name}`)
        await guest.unpack(`the addon "${name}"`, packages.path(id), addonDirectory(name))
      }
    if (version) {
      tell('unpacking the application')
      await guest.unpack('the application', packages.path(version.package), applicationDirectory)
    }
    tell('running the pre-start hooks')
    await runHooks(guest, record, 'pre-start')
    tell('Android is booting')
    await guest.deleteFile(holdFile)
    await this.#boot(record, signal)
    if (version) {
      tell('installing the application')
      await this.#install(record, version, android)
    }
    tell('running the post-start hooks')
    await runHooks(guest, version ? this.#latest(record) : record, 'post-start')
    if (!version) return
    this.#note(record.id, version.number, { inventory: await inventoryOf(guest) })
    await this.#tidy(version, guest)
  }

  /** @throws GuestError for a hook that fails. */
  async stopHooks(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const guest = new Guest(this.#parts.projects.of(record), record.lxdName, signal)
    await new Android(guest).stop()
    await runHooks(guest, record, 'post-stop')
  }

  static hasStopHooks(record: InstanceRecord): boolean {
    return hooksOf(record, 'post-stop').length > 0
  }

  async #update(
    record: InstanceRecord,
    { number }: ApplicationVersion,
    guest: Guest,
    tell: (message: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#parts.securityUpdates()) return
    tell('waiting for the network')
    await guestAddress(this.#parts.projects.of(record), record.lxdName, networkPatience, signal)
    tell('installing security updates')
    const updates = await updateGuest(guest)
    this.#note(record.id, number, { updates })
  }

  async #boot(record: InstanceRecord, signal: AbortSignal): Promise<void> {
    const { projects, config } = this.#parts
    const time = config.bootCheck.timeoutSeconds * 1000
    if (!(await bootCheck(projects.of(record), record.lxdName, config.bootCheck, time, signal)))
      throw new GuestError(notUp(config.bootCheck))
  }

  async #install(
    { id }: InstanceRecord,
    { number, manifest, hasApk }: ApplicationVersion,
    android: Android,
  ): Promise<void> {
    if (hasApk) {
      const permissions = manifest['required-permissions']
      const bootPackage = await android.install(
        `${applicationDirectory}/app.apk`,
        manifest['boot-package'],
        permissions,
      )
      const bootActivity = manifest['boot-activity'] || (await android.activityOf(bootPackage))
      this.#note(id, number, { bootPackage, bootActivity })
    } else if (manifest['boot-package']) {
      if (!(await android.packages()).includes(manifest['boot-package']))
        throw new GuestError(`the package has no app.apk, and the image no ${manifest['boot-package']} to boot`)
      this.#note(id, number, { bootPackage: manifest['boot-package'], bootActivity: manifest['boot-activity'] })
    }
    for (const [name, { target, owner, permissions }] of Object.entries(manifest['extra-data']))
      await android.putExtraData(`${applicationDirectory}/extra-data/${name}`, target, owner, permissions)
  }

  /** What the application does not keep is not carried into every instance: manifest and hooks stay, and `bootstrap.keep`. */
  async #tidy({ manifest }: ApplicationVersion, guest: Guest): Promise<void> {
    const script = `cd "$1"; shift
rm -rf ../.kept; mkdir ../.kept
for path in manifest.yaml hooks $*; do
  case $path in /* | .. | ../* | */.. | */../*) continue ;; esac
  [ -e "$path" ] || continue
  into=../.kept/$(dirname "$path")
  mkdir -p "$into"
  cp -a "$path" "$into/"
done
cd ..; rm -rf app; mv .kept app`
    await guest.sh('tidying up', script, [applicationDirectory, ...manifest.bootstrap.keep], { timeout: 120 })
  }

  #version({ application }: InstanceRecord): ApplicationVersion {
    const found = this.#parts.store.applications
      .get(application?.id ?? '')
      ?.versions.find(({ number }) => number === application?.version)
    if (!found) throw new GuestError('the version that it bootstraps was deleted')
    return found
  }

  #latest(record: InstanceRecord): InstanceRecord {
    return this.#parts.store.instances.get(record.id) ?? record
  }

  /** Kept on the version, and what the instance needs of it on the instance. */
  #note(
    id: string,
    number: number,
    fields: { updates?: GuestUpdate[]; inventory?: Inventory; bootPackage?: string; bootActivity?: string },
  ): void {
    const { instances } = this.#parts.store
    const application = instances.get(id)?.application
    changeVersion(this.#parts.store, application?.id ?? '', number, fields)
    const { updates: _updates, inventory: _inventory, ...known } = fields
    instances.change(id, (latest) =>
      latest.application ? { ...latest, application: { ...latest.application, ...known } } : latest,
    )
  }
}

/** Said of a guest whose boot check never passed. */
export const notUp = ({ command, expect, timeoutSeconds }: Config['bootCheck']) =>
  `Android did not come up within ${timeoutSeconds} s ("${command.join(' ')}" never printed "${expect}"); its logs are kept`
