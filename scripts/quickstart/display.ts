// What the person sees: lines with the time since the start, one line that changes while something goes on, a table.
const started = performance.now()

export const elapsed = () => (performance.now() - started) / 1000

export function say(line: string): void {
  clear()
  process.stderr.write(`${stamp()} ${line}\n`)
}

/** Shown in place of the last progress at a terminal; elsewhere every text once. */
export function progress(text: string): void {
  if (text === last) return
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${stamp()} ${text}`)
  else if (!/\d%/.test(text)) process.stderr.write(`${stamp()} ${text}\n`)
  last = text
}

export function table(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

let last = ''
function clear(): void {
  if (last && process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  last = ''
}

const stamp = () => `[${elapsed().toFixed(1).padStart(5)} s]`
