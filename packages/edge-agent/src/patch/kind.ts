// What the four kinds of patches have in common: the engine knows when, a kind knows how. Every method may be cut off by a
// SIGKILL anywhere and is called again; each looks at what is there before it does anything.
import type { PatchKindName, PatchRecord } from '../store/patch-records.ts'

/** Something newer that there is. */
export type Offer = Pick<PatchRecord, 'subject' | 'from' | 'to' | 'title' | 'urgent'> & {
  readonly work?: Readonly<Record<string, unknown>>
}

/** What is newer, and what could not be asked: one image server that is away does not hide the others' images. */
export class Discovered {
  readonly offers: Offer[] = []
  readonly problems: string[] = []

  async of(subject: string, work: () => Promise<Offer[]>): Promise<void> {
    try {
      this.offers.push(...(await work()))
    } catch (error) {
      this.problems.push(`${subject}: ${(error as Error).message}`)
    }
  }
}

export type Work = {
  readonly signal: AbortSignal
  /** Writes down what is needed to go on, before it is acted upon. */
  note(work: Record<string, unknown>): void
}

export interface PatchKind {
  readonly name: PatchKindName
  /** Whether instances have to be away while this patch goes in. */
  disturbs(patch: PatchRecord): boolean
  /** What is newer than what is here; a version that was taken back may be among it. @throws where nobody can be asked. */
  discover(signal: AbortSignal): Promise<Discovered>
  /** Brings what is needed and verifies it; nothing that runs is changed. */
  fetch?(patch: PatchRecord, work: Work): Promise<void>
  /** @throws PatchFailed where it is to be taken back, NotNow where nothing was changed and it can be tried later. */
  apply(patch: PatchRecord, work: Work): Promise<void>
  /** What is wrong with it now that it is in: the kind's own proof, beside the machine's health. */
  faults?(patch: PatchRecord, work: Work): Promise<string[]>
  /** What is done once it is proven. */
  commit?(patch: PatchRecord, work: Work): Promise<void>
  /** Back to what was there before. */
  revert(patch: PatchRecord, work: Work): Promise<void>
  /** It is not offered any more, or something newer is: what was fetched goes. */
  drop?(patch: PatchRecord, work: Work): Promise<void>
}

/** The patch is bad: it is taken back and not tried again. */
export class PatchFailed extends Error {
  override readonly name = 'PatchFailed'
}

/** Nothing was changed, and later it may be otherwise. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}
