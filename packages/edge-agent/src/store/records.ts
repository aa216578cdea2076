// What the agent remembers. A record says what should be (`goal`) and what was last known (`status`); LXD says what is.

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

/** One record, one LXD instance, one Android system. */
export type InstanceRecord = {
  readonly id: string
  readonly name: string
  /** Name of the LXD instance. */
  readonly lxdName: string
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
  readonly image: { readonly id: string; readonly name: string; readonly version: number; readonly fingerprint: string }
  readonly architecture: string
  readonly amounts: Amounts
  readonly noDiskReserve: boolean
  readonly services: readonly ServicePort[]
  readonly tags: readonly string[]
  readonly userData: string
  readonly config: {
    readonly deleteProtected: boolean
    /** There is no watchdog yet, so this asks for what is so anyway. */
    readonly disableWatchdog: boolean
  }
}

export type ImageVersion = {
  readonly version: number
  /** SHA-256 of the uploaded file, which is LXD's fingerprint of a unified tarball. */
  readonly fingerprint: string
  /** Bytes. */
  readonly size: number
  readonly createdAt: number
  readonly status: 'initializing' | 'active' | 'error'
  readonly errorMessage: string
}

export type ImageRecord = {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly default: boolean
  readonly architecture: string
  readonly goal: 'kept' | 'deleted'
  readonly versions: readonly ImageVersion[]
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
}

export type CertificateRecord = { /** Hex SHA-256 of the DER. */ readonly id: string; readonly pem: string }
export type SettingRecord = { readonly id: string; readonly value: unknown }
