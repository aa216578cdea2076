// What the commands share: options, the end of their help, and how an action reports.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { keyTypes } from './authority/key.ts'
import type { Report } from './commands/report.ts'

export const exitHelp = `
Exit codes:
  0  done (also when init finds the authority there already)
  1  something unforeseen
  2  wrong use: an option, a name, a password source
  3  no authority or credential there
  4  it would replace something that is there
  5  the authority is damaged or has ended
  6  the surroundings: a directory open to others, the clock
  7  refused: not granted, ended, or not from whom it must be
  8  nobody answered, or could not do it now: try again
`

export const json = () => new Option('--json', 'print one JSON document')
export const dir = () =>
  new Option('--dir <directory>', 'directory of the authority').env('ANBOX_PKI_DIR').makeOptionMandatory()
export const out = () => new Option('--out <directory>', 'directory of the credentials (default: credentials in --dir)')
export const key = (what: string) => new Option('--key <type>', what).choices([...keyTypes])
const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }
const list = (value: string, before: string[]) => [...before, value]
export const several = (flags: string, what: string) =>
  new Option(flags, `${what} (repeatable)`).argParser(list).default([], 'none')
export const examples = (...lines: string[]) =>
  `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n${exitHelp}`

/** An action for commander, which calls it with the arguments, the options and the command. */
export function report<Rest extends unknown[]>(command: (...rest: Rest) => Promise<Report>) {
  return async (...given: [...Rest, Command]) => {
    const self = given.at(-1) as Command
    const { text, json, exitCode } = await command(...(given.slice(0, -1) as Rest))
    process.stdout.write(self.opts().json ? `${JSON.stringify(json)}\n` : `${text.join('\n')}\n`)
    if (exitCode !== undefined) process.exitCode = exitCode
  }
}

export function days(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number, 1 or more.')
  return value
}

/** Seconds of a duration like 90s, 15m, 12h or 7d. */
export function duration(text: string): number {
  const found = /^(\d{1,9})([smhd])$/.exec(text)
  const unit = seconds[found?.[2] ?? '']
  if (!found || !unit) throw new InvalidArgumentError('It must be a duration like 90s, 15m, 12h or 7d.')
  return Number(found[1]) * unit
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}
