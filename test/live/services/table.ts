// Rows of who came, columns of services, in the output of the tests.
export class Table {
  readonly #columns: readonly string[]
  readonly #rows: Map<string, Map<string, string>>

  constructor(columns: readonly string[], rows: readonly string[]) {
    this.#columns = columns
    this.#rows = new Map(rows.map((row) => [row, new Map()]))
  }

  set(row: string, column: string, cell: string): void {
    const cells = this.#rows.get(row)
    if (!cells) throw new Error(`the table has no row "${row}"`)
    cells.set(column, cell)
  }

  toString(): string {
    const lines = [
      ['', ...this.#columns],
      ...[...this.#rows].map(([row, cells]) => [row, ...this.#columns.map((column) => cells.get(column) ?? '–')]),
    ]
    const widths = ['', ...this.#columns].map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)))
    return lines
      .map((line) =>
        line
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join(' | ')
          .trimEnd(),
      )
      .join('\n')
  }
}
