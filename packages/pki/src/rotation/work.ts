// What a kind of rotation does to the authority. Every step may be repeated, by another process too: it looks first.
import { join } from 'node:path'
import { type Authority, openAuthority } from '../authority/authority.ts'
import type { Phase, Ref } from './plan.ts'

export type Work = {
  /** Throws what would keep `prepare` from doing its work, before anything is written. */
  check(): Promise<void>
  /** Makes what is new; nobody uses it yet. */
  prepare(): Promise<void>
  /** Who signs the new leaves. */
  issuer(): Promise<Authority>
  /** Sets what the authority itself signs with and hands out. Called for each phase, in either direction. */
  enter(phase: Phase): Promise<void>
  /** The text that a reference stands for; leaves and their keys are `leaves.ts`'s. */
  text(ref: Ref): Promise<string>
  /** Puts the new in the place of the old for good, and retires the old. */
  finish(): Promise<void>
  /** Takes away what was made outside the rotation's own directory. */
  discard(): Promise<void>
}

/** Files of a rotation, all in DIRECTORY/rotation (0700); what is to be kept goes to DIRECTORY/retired. */
export class Workplace {
  /** The authority's. */
  readonly directory: string
  constructor(directory: string) {
    this.directory = directory
  }

  /** Of the authority. */
  of(...path: string[]): string {
    return join(this.directory, ...path)
  }

  /** Of the rotation. */
  at(...path: string[]): string {
    return join(this.directory, 'rotation', ...path)
  }

  /** Where the rotation keeps a consumer's leaf of before. */
  before(consumer: string): { certificate: string; key: string } {
    return {
      certificate: this.at('consumers', consumer, 'before.crt'),
      key: this.at('consumers', consumer, 'before.key'),
    }
  }

  /** Where its new leaf is made. */
  after(consumer: string): string {
    return this.at('consumers', consumer, 'after')
  }

  authority(): Promise<Authority> {
    return openAuthority(this.directory)
  }
}
