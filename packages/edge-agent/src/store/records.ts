// What the agent remembers. A record says what should be (`goal`) and what was last known (`status`); LXD says what is.

import type { Manifest, VideoEncoder } from '../catalogue/manifest.ts'
import type { Hook } from '../catalogue/packages.ts'

export type InstanceStatus = 'created' | 'prepared' | 'started' | 'running' | 'stopped' | 'error'
export type Goal = 'running' | 'stopped' | 'deleted'

export type ServicePort = {
  readonly name: string
  /** In the guest. */
  readonly port: number
  readonly portEnd: number
  /** On the machine, 10000 to 11000. */
  readonly nodePort: number
  readonly nodePortEnd: number
  readonly protocols: readonly ('tcp' | 'udp')[]
  readonly expose: boolean
}

/** What an instance takes of the machine. Memory and disk in bytes. */
export type Amounts = {
  readonly cpus: number
  readonly memory: number
  readonly disk: number
  readonly gpuSlots: number
}

/** What an instance has of a GPU. */
export type GpuShare = {
  /** The GPU's number on this machine, and where it is. */
  readonly id: number
  readonly pci: string
  readonly slots: number
  readonly encoderSlots: number
}

/** Amounts as far as they were asked for; memory and disk in bytes. */
export type Resources = { readonly [key in keyof Amounts]?: Amounts[key] | undefined }

/** An addon in one of its versions. */
export type AddonReference = { readonly name: string; readonly version: number }

/** What an instance has to know of an addon, whatever becomes of the addon. */
export type InstanceAddon = AddonReference & {
  readonly package: string
  readonly hooks: readonly Hook[]
  /** Seconds. */
  readonly hookTimeout: number
}

/** What an instance of an application has to know of it, whatever becomes of the application. */
export type InstanceApplication = {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly bootPackage: string
  readonly bootActivity: string
  readonly videoEncoder: VideoEncoder
  readonly hooks: readonly Hook[]
  /** Seconds. */
  readonly hookTimeout: number
  /** `undefined`: nobody watches. Else the packages that may come to the foreground beside it; "*" is any. */
  readonly watchdog?: readonly string[] | undefined
}

/** One record, one LXD instance, one Android system. */
export type InstanceRecord = {
  readonly id: string
  readonly name: string
  /** Name of the LXD instance. */
  readonly lxdName: string
  /** The LXD project that it is in; without it, the first. */
  readonly lxdProject?: string | undefined
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly goal: Goal
  readonly status: InstanceStatus
  /** The LXD instance was made completely. An LXD instance of a record without this is a leftover of a cut-off creation. */
  readonly made: boolean
  /** First host id of the id map that LXD gave it; 65536 ids, nobody else's. Set with `made`. */
  readonly idBase?: number | undefined
  /** Set while a failure is being dealt with: logs are kept and the guest is stopped before the status becomes `error`. */
  readonly failing?: string | undefined
  readonly errorMessage: string
  readonly statusMessage: string
  /** When Android must be up, ms since 1970; set before LXD is asked to start. */
  readonly bootDeadline?: number | undefined
  /** LXD's `last_used_at` of the start that the status speaks of: another value means that somebody else restarted the guest. */
  readonly lastStart?: string | undefined
  /** Milliseconds from the start to the passed boot check. */
  readonly bootMilliseconds?: number | undefined
  readonly logsKept: boolean
  readonly storedLogs: readonly string[]
  readonly address: string
  readonly image: InstanceImage
  readonly architecture: string
  readonly amounts: Amounts
  readonly noDiskReserve: boolean
  /** Given at the launch and at each start. */
  readonly gpu?: GpuShare | undefined
  /** The vendor that was asked for. */
  readonly gpuType?: string | undefined
  readonly services: readonly ServicePort[]
  readonly tags: readonly string[]
  readonly userData: string
  readonly config: InstanceConfig
  /** Temporary, to bootstrap a version of an application. */
  readonly base: boolean
  readonly application?: InstanceApplication | undefined
  /** In the guest, in the order of their hooks. */
  readonly addons: readonly InstanceAddon[]
  /**
   * What is done in the guest at each start before it is `running`: `base` bootstraps an application, `addons` installs them
   * and runs their hooks, `hooks` runs what the image brought. Without it nothing is done: Android boots.
   */
  readonly setUp?: 'base' | 'addons' | 'hooks' | undefined
  /** The start (LXD's `last_used_at`) whose set-up was begun, and whether it came to its end. */
  readonly setUpAt?: { readonly start: string; readonly done: boolean } | undefined
  /** Its `post-stop` hooks still have to be run before it is stopped. */
  readonly hooksBeforeStop?: boolean | undefined
  /** The instance that it is a copy of, until it is made. */
  readonly copyOf?: string | undefined
  /**
   * Nobody sees it: made ahead of a launch that may take it (`prepared` is stopped, `paused` has booted and is frozen), or a
   * `probe` of whether guests boot.
   */
  readonly warm?: 'prepared' | 'paused' | 'probe' | undefined
  /** It is as `warm` says, and may be taken. */
  readonly warmReady?: boolean | undefined
  /** It was taken, and its LXD instance is not yet as this record says. */
  readonly taken?: { readonly adapt: boolean; readonly thaw: boolean } | undefined
}

export type InstanceImage = {
  readonly id: string
  readonly name: string
  readonly version: number
  /** What LXD makes it from: the image itself, or the version of an application that was bootstrapped on it. */
  readonly fingerprint: string
}

export type InstanceConfig = {
  readonly deleteProtected: boolean
  readonly disableWatchdog: boolean
  readonly devmode: boolean
  readonly features: string
  readonly platform: string
  readonly display?:
    | { readonly width: number; readonly height: number; readonly fps: number; readonly density: number }
    | undefined
}

export type ImageVersion = {
  readonly version: number
  /** LXD's fingerprint: of an upload the SHA-256 of the file; "" until it is known. */
  readonly fingerprint: string
  /** Bytes. */
  readonly size: number
  readonly createdAt: number
  /** `staged` is there and waits until it is proven. */
  readonly status: 'initializing' | 'staged' | 'active'
  /** Its name at the image server: what tells newer from older. */
  readonly release?: string | undefined
  /** Known once a guest of it has been looked into. */
  readonly inventory?: Inventory | undefined
  /** Its guests wait with Android while `/var/lib/anbox/hold` is there: the image's property `anbox.hold` is "1". */
  readonly holds: boolean
  /** Its guests read `/var/lib/anbox/session.yaml`: the image's property `anbox.session` is "1". */
  readonly readsSession: boolean
}

export type ImageRecord = {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly default: boolean
  readonly architecture: string
  readonly goal: 'kept' | 'deleted'
  /** Its name at the image server that it was imported from. */
  readonly remote?: string
  readonly versions: readonly ImageVersion[]
  /** The number that the next version gets: those of removed ones are not given again. */
  readonly nextVersion: number
}

export type AddonVersion = {
  readonly version: number
  /** SHA-256 of the uploaded file. */
  readonly fingerprint: string
  readonly size: number
  readonly createdAt: number
  /** File of its content. */
  readonly package: string
  readonly hooks: readonly Hook[]
  /** Seconds. */
  readonly hookTimeout: number
  readonly abis: readonly string[]
}

export type AddonRecord = { /** Its name. */ readonly id: string; readonly versions: readonly AddonVersion[] }

/** What is in a guest, as far as it says. */
export type Inventory = {
  /** Debian package → version. */
  readonly packages: Readonly<Record<string, string>>
  /** Android's security patch level, such as `2026-11-05`; "" where it does not say. */
  readonly androidPatch: string
}

/** A package of the guest that was updated while an application was bootstrapped. */
export type GuestUpdate = { readonly name: string; readonly from: string; readonly to: string }

export type ApplicationVersion = {
  readonly number: number
  readonly createdAt: number
  readonly status: 'initializing' | 'active' | 'error'
  readonly errorMessage: string
  readonly published: boolean
  readonly manifest: Manifest
  readonly package: string
  readonly hooks: readonly Hook[]
  /** Seconds. */
  readonly hookTimeout: number
  readonly hasApk: boolean
  /** The version of the image that it is bootstrapped on. */
  readonly image: InstanceImage
  readonly architecture: string
  readonly addons: readonly InstanceAddon[]
  /** What is being done about it, while it is `initializing`. */
  readonly stage: 'waiting' | 'bootstrapping' | 'stopping' | 'publishing' | ''
  /** The base instance that bootstraps it, until it is done. */
  readonly base?: string | undefined
  /** What Android said it is, once it was installed. */
  readonly bootPackage: string
  readonly bootActivity: string
  /** LXD image with the guest as bootstrapped; "" until there is one. */
  readonly fingerprint: string
  readonly updates: readonly GuestUpdate[]
  readonly inventory?: Inventory | undefined
}

export type ApplicationRecord = {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly goal: 'kept' | 'deleted'
  /** Id of the image that it follows. */
  readonly image: string
  readonly addons: readonly string[]
  readonly tags: readonly string[]
  readonly instanceType: string
  readonly resources: Resources
  readonly nodeSelector: readonly string[]
  readonly inhibitAutoUpdates: boolean
  readonly versions: readonly ApplicationVersion[]
  /** The number that the next version gets: those of failed and removed ones are not given again. */
  readonly nextNumber: number
}

/** Numeric codes as LXD and AMS give them. */
export const statusCodes = { running: 103, cancelling: 104, success: 200, failure: 400, cancelled: 401 } as const
export type OperationStatus = keyof typeof statusCodes

export type OperationRecord = {
  readonly id: string
  readonly class: 'task' | 'websocket'
  readonly description: string
  /** ms since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly status: OperationStatus
  readonly err: string
  readonly mayCancel: boolean
  readonly resources: Readonly<Record<string, readonly string[]>>
  readonly metadata: Readonly<Record<string, unknown>> | null
  /** Instances that must reach `want` for the operation to succeed. */
  readonly subjects: readonly string[]
  readonly want?: Goal | undefined
  /** The version of an application that must become active, or be given up, for the operation to end. */
  readonly version?: { readonly application: string; readonly number: number } | undefined
}

export type IdentityRecord = {
  readonly id: string
  readonly name: string
  readonly method: 'tls' | 'oidc'
  readonly groups: readonly string[]
  readonly email: string
  /** Hex SHA-256 of its certificate, which the trust store has. */
  readonly fingerprint: string
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly updatedAt: number
}
export type GroupRecord = {
  /** Its name. */
  readonly id: string
  readonly description: string
  readonly permissions: readonly { readonly entitlement: string; readonly resource: string }[]
  readonly createdAt: number
  readonly updatedAt: number
}
export type CertificateRecord = { /** Hex SHA-256 of the DER. */ readonly id: string; readonly pem: string }
export type SettingRecord = { readonly id: string; readonly value: unknown }
