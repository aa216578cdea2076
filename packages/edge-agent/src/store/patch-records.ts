// What the agent remembers of patches: those that wait or are under way, how others ended, and what is held back.

export type PatchKindName = 'images' | 'applications' | 'snaps' | 'packages'
export type PatchState =
  /** Known, and nothing done about it. */
  | 'pending'
  /** What it needs is being brought here and verified. */
  | 'fetching'
  /** It may go in as soon as the policy lets it. */
  | 'ready'
  /** Instances are given time to end. */
  | 'draining'
  /** The machine's health before it is being taken. */
  | 'measuring'
  | 'applying'
  | 'checking'
  | 'committing'
  | 'reverting'

/** How the machine was at a moment. */
export type Health = {
  readonly lxd: boolean
  readonly gpus: number
  /** Part of the storage pool that is free. */
  readonly diskFree: number
  /** Of a probe guest; undefined where there is no image to boot one of, or no room. */
  readonly bootMilliseconds?: number | undefined
  /** Why no probe guest came up. */
  readonly bootProblem?: string | undefined
  /** Why the agent's own API did not answer. */
  readonly apiProblem?: string | undefined
  /** Ids of the instances that were running. */
  readonly running: readonly string[]
}

/** Something newer that there is for this machine, and how far it has come. */
export type PatchRecord = {
  /** `KIND/SUBJECT`. */
  readonly id: string
  readonly kind: PatchKindName
  /** The image, the application, the snap, the set of packages. */
  readonly subject: string
  readonly from: string
  readonly to: string
  /** What it brings, in words. */
  readonly title: string
  readonly urgent: boolean
  /** ms since 1970: when something newer was first known, and when this version was. */
  readonly offeredAt: number
  readonly newestAt: number
  readonly state: PatchState
  /** ms since 1970. */
  readonly enteredAt: number
  /** Somebody wants it now. */
  readonly forced: boolean
  /** Failed tries in a row, what the last one said, and when the next one is due (ms since 1970). */
  readonly tries: number
  readonly lastError: string
  readonly notBefore: number
  readonly baseline?: Health | undefined
  /** What its kind needs to go on. */
  readonly work: Readonly<Record<string, unknown>>
  /** Why it is being taken back. */
  readonly reason: string
  /** Instances that were stopped for it, to be started again. */
  readonly drained?: readonly string[] | undefined
}

/** How a patch ended. One that was taken back is not tried again. */
export type PatchEnd = Pick<PatchRecord, 'kind' | 'subject' | 'from' | 'to' | 'title' | 'offeredAt'> & {
  readonly id: string
  /** ms since 1970. */
  readonly at: number
  readonly outcome: 'applied' | 'reverted'
  readonly reason: string
}

export type Hold = {
  readonly id: string
  /** Everything (""), a kind, or `KIND/SUBJECT`. */
  readonly what: string
  /** ms since 1970. */
  readonly until: number
  readonly reason: string
}
