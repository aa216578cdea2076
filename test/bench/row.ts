import type { Stage } from './stage/stage.ts'
import type { Rival, Unit } from './table.ts'

/** Measures once: one or more values in the row's unit. */
export type Measure = () => Promise<number[]>

export type Row = {
  /** For `--only`. */
  name: string
  title: string
  unit: Unit
  notes?: string[]
  /** Why a rival is better, where one may be. Printed only where one is. */
  reasons?: Partial<Record<Rival, string>>
  /** How often each contender is measured. */
  rounds: { full: number; quick: number }
  /** Each measurement begins from the start, with a process or an instance of its own, so the first one counts too. */
  fresh?: boolean
  /** Starts what the row needs; `end` takes it away again. */
  prepare(stage: Stage): Promise<Prepared>
}

export type Prepared = {
  ours: Measure
  rivals: Partial<Record<Rival, Measure>>
  end?: () => Promise<void>
}
