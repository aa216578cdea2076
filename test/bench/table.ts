// What was measured, as numbers and as text. Pure.

export type Rival = 'lxc' | 'pylxd' | 'undici' | 'openssl'
export const rivals: Rival[] = ['lxc', 'pylxd', 'undici', 'openssl']
/** Of what is per second more is better, of the others less. */
export type Unit = 'ms' | 'MB/s' | 'MB' | '/s'

export type Result = {
  name: string
  title: string
  unit: Unit
  /** Medians. */
  ours: number
  rivals: Partial<Record<Rival, number>>
  /** The share of rounds in which a rival was better than we were in the same round. */
  beaten: Partial<Record<Rival, number>>
  /** What was measured, and how. */
  notes: string[]
  /** Why a rival is better, where one may be. */
  reasons: Partial<Record<Rival, string>>
}

export type Document = {
  machine: Record<string, string | number>
  versions: Record<string, string>
  rows: {
    name: string
    unit: Unit
    ours: number
    rivals: Partial<Record<Rival, number>>
    /** Ours divided by the rival's. */
    ratios: Partial<Record<Rival, number>>
    note?: string
  }[]
}

/** openssl issues certificates and nothing else: it has no column where no row is about that. */
function columnsOf(results: readonly Result[]): Rival[] {
  return rivals.filter((rival) => rival !== 'openssl' || results.some((result) => result.rivals[rival] !== undefined))
}

/** The middle value, or the mean of the two middle ones. Throws RangeError without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]
  if (upper === undefined || lower === undefined) throw new RangeError('a median of no values')
  return (upper + lower) / 2
}

/** Ours divided by the rival's, to two decimals, which is how it is judged. */
export function ratio(ours: number, rival: number): number {
  return Math.round((ours / rival) * 100) / 100
}

/** Whether the first value is worse than the second. */
export function worse(unit: Unit, one: number, other: number): boolean {
  return unit.endsWith('/s') ? one < other : one > other
}

/** A rival whose median is better, though not in this share of the rounds, is better by chance. */
const consistent = 0.75

/** The rivals that are better than we are: `lost` in most rounds, `even` only by the median. */
export function judge({ unit, ours, rivals: others, beaten }: Judged): { lost: Rival[]; even: Rival[] } {
  const better = rivals.filter((rival) => worse(unit, ratio(ours, others[rival] ?? ours), 1))
  const often = (rival: Rival) => (beaten[rival] ?? 1) >= consistent
  return { lost: better.filter(often), even: better.filter((rival) => !often(rival)) }
}
type Judged = Pick<Result, 'unit' | 'ours' | 'rivals' | 'beaten'>

/** One line for each row, and below them the notes and, for each `✘`, the reason. `≈` is even. */
export function table(results: readonly Result[]): string {
  const columns = columnsOf(results)
  const head = ['', 'ours', ...columns.flatMap((rival) => [rival, 'ours/…']), '']
  const lines = results.map((result) => {
    const cells = columns.flatMap((rival) => {
      const other = result.rivals[rival]
      return other === undefined ? ['–', ''] : [shown(other), ratio(result.ours, other).toFixed(2)]
    })
    return [`${result.title}, ${result.unit}`, shown(result.ours), ...cells, marks(result)]
  })
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => (line[column] ?? '').length)))
  const text = [head, ...lines].map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  const below = results.flatMap((result) => {
    const told = [...result.notes, ...reasons(result)]
    return told.length > 0 ? [`${result.title}:`, ...told.map((line) => `  ${line}`)] : []
  })
  return [...text, '', ...below].join('\n').trimEnd()
}

/** The same as rows of a Markdown table, for the documentation. */
export function markdown(results: readonly Result[]): string {
  const columns = columnsOf(results)
  const row = (cells: string[]) => `| ${cells.join(' | ')} |`
  const lines = results.map((result) => {
    const cells = columns.map((rival) => {
      const other = result.rivals[rival]
      const { lost, even } = judge(result)
      const mark = lost.includes(rival) ? ' ✘' : even.includes(rival) ? ' ≈' : ''
      return other === undefined ? '–' : `${shown(other)} (${ratio(result.ours, other).toFixed(2)}${mark})`
    })
    return row([`${result.title}, ${result.unit}`, shown(result.ours), ...cells])
  })
  return [row(['', 'ours', ...columns]), row(['---', '---:', ...columns.map(() => '---:')]), ...lines].join('\n')
}

export function rowsOf(results: readonly Result[]): Document['rows'] {
  return results.map((result) => {
    const others = Object.entries(result.rivals) as [Rival, number][]
    const told = [...result.notes, ...reasons(result)]
    return {
      name: result.name,
      unit: result.unit,
      ours: rounded(result.ours),
      rivals: Object.fromEntries(others.map(([rival, value]) => [rival, rounded(value)])),
      ratios: Object.fromEntries(others.map(([rival, value]) => [rival, ratio(result.ours, value)])),
      ...(told.length > 0 ? { note: told.join(' ') } : {}),
    }
  })
}

function marks(result: Result): string {
  const { lost, even } = judge(result)
  return [...lost.map((rival) => `✘ ${rival}`), ...even.map((rival) => `≈ ${rival}`)].join(', ')
}

function reasons(result: Result): string[] {
  const { lost, even } = judge(result)
  return [
    ...lost.map((rival) => `✘ ${rival}: ${result.reasons[rival] ?? 'no reason is known yet'}.`),
    ...even.map((rival) => `≈ ${rival}: better in ${Math.round((result.beaten[rival] ?? 0) * 100)} % of the rounds.`),
  ]
}

/** Three digits that matter; no decimals where there are enough digits without. */
function shown(value: number): string {
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
