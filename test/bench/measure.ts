// Measures one row. Each round measures every contender once, and the order turns from round to round, so that what else
// the machine does meanwhile falls on all of them alike.
import type { Row } from './row.ts'
import type { Stage } from './stage/stage.ts'
import { median, type Result, type Rival, rivals, type Unit, worse } from './table.ts'

type Contender = 'ours' | Rival

/** @param rounds in place of the row's own number */
export async function measureRow(row: Row, stage: Stage, mode: 'full' | 'quick', rounds?: number): Promise<Result> {
  const prepared = await row.prepare(stage)
  const contenders: Contender[] = ['ours', ...rivals.filter((rival) => prepared.rivals[rival])]
  /** What each round gave. */
  const values = new Map<Contender, number[][]>(contenders.map((contender) => [contender, []]))
  try {
    // Round 0 is not counted: it opens connections and fills caches.
    const last = rounds ?? row.rounds[mode]
    for (let round = row.fresh ? 1 : 0; round <= last; round++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        stage.signal.throwIfAborted()
        const contender = contenders[(round + turn) % contenders.length] ?? 'ours'
        const measure = contender === 'ours' ? prepared.ours : prepared.rivals[contender]
        const found = (await measure?.()) ?? []
        if (round > 0) values.get(contender)?.push(found)
      }
    }
  } finally {
    await prepared.end?.()
  }
  const { name, title, unit, notes = [], reasons = {} } = row
  const others = contenders.filter((contender) => contender !== 'ours')
  return {
    name,
    title,
    unit,
    ours: median((values.get('ours') ?? []).flat()),
    rivals: Object.fromEntries(others.map((rival) => [rival, median((values.get(rival) ?? []).flat())])),
    beaten: Object.fromEntries(
      others.map((rival) => [rival, share(unit, values.get('ours') ?? [], values.get(rival) ?? [])]),
    ),
    notes,
    reasons,
  }
}

/** The share of rounds in which ours were worse. */
function share(unit: Unit, ours: number[][], theirs: number[][]): number {
  const lost = ours.filter((round, index) => worse(unit, median(round), median(theirs[index] ?? [])))
  return lost.length / ours.length
}
