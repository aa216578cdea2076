// `npm run bench [-- options]`: SDK and agent beside lxc, pylxd and a plain undici client, measured in turn in one run.
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { SetupError } from '../../scripts/errors.ts'
import { InterruptedError, interruption } from '../../scripts/interrupt.ts'
import { ensurePackages, lxdPackages, type Package } from '../../scripts/packages.ts'
import { asker, becomeRoot } from '../../scripts/terminal.ts'
import { describeMachine, describeVersions } from './machine.ts'
import { measureRow } from './measure.ts'
import type { Row } from './row.ts'
import { rows } from './rows/index.ts'
import { Stage } from './stage/stage.ts'
import { type Document, markdown, type Result, rowsOf, table } from './table.ts'

const usage = `Usage: npm run bench [-- options]

SDK and agent side by side with lxc, pylxd and a plain undici client: on a private LXD, in turn, in the same run.
Certificates issued beside openssl.
Medians. \`ours/…\` is ours divided by theirs: below 1 is better for us in ms and MB, above 1 in MB/s and /s.

Options:
  --quick        few rounds: about a minute
  --rounds N     so many rounds of every row
  --only NAME    this row only; may be given more than once
  --json         the last line is a JSON document
  --markdown     the table in Markdown
  --yes          do not ask before sudo is used
  --help

Examples:
  npm run bench -- --quick
  npm run bench -- --only get-unix --only exec --rounds 50
  npm run --silent bench -- --json | tail -n 1 > bench.json

Rows: ${rows.map(({ name }) => name).join(', ')}`

const packages: Package[] = [
  ...lxdPackages,
  { name: 'python3-pylxd', file: '/usr/lib/python3/dist-packages/pylxd', why: 'one of the rivals' },
  { name: 'openssl', command: 'openssl', why: 'one of the rivals' },
  { name: 'busybox-static', command: 'busybox', why: 'the stand-in for Android is made of it' },
  { name: 'gcc', why: "compiles the stand-in's init and adbd" },
  { name: 'libc6-dev', why: 'the C library that the stand-in is linked with' },
]

const log = (line: string) => console.error(line)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(usage)
  const chosen = choose(values.only)
  const rounds = values.rounds === undefined ? undefined : count(values.rounds)
  const ask = asker(values.yes)
  await becomeRoot(ask, {
    why: 'The bench runs a real LXD, which needs root.',
    command: 'sudo -E npm run bench',
    yes: values.yes,
  })
  const signal = interruption(log)
  await ensurePackages(packages, { ask, log, signal })

  const stage = await Stage.set(dirname(dirname(import.meta.dirname)), log, signal)
  const results: Result[] = []
  try {
    const document: Document = { machine: describeMachine(stage.lxd), versions: await describeVersions(), rows: [] }
    for (const row of chosen) {
      const start = performance.now()
      results.push(await measureRow(row, stage, values.quick ? 'quick' : 'full', rounds))
      log(`${row.name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
    }
    for (const [name, facts] of [['Machine', document.machine] as const, ['Versions', document.versions] as const])
      console.log(
        `${name}: ${Object.entries(facts)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')}`,
      )
    console.log(`\n${values.markdown ? markdown(results) : table(results)}`)
    if (values.json) console.log(`\n${JSON.stringify({ ...document, rows: rowsOf(results) } satisfies Document)}`)
  } catch (error) {
    // Ctrl-C at a terminal ends our children too, and their ends come as errors of their own.
    signal.throwIfAborted()
    throw error
  } finally {
    await stage.clear()
  }
}

function choose(names: string[]): Row[] {
  const unknown = names.find((name) => !rows.some((row) => row.name === name))
  if (unknown !== undefined)
    throw new SetupError(`there is no row "${unknown}"; there are ${rows.map(({ name }) => name).join(', ')}`)
  return names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name))
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new SetupError(`--rounds takes a number from 1 to 9999, not "${text}"`)
  return Number(text)
}

try {
  await main()
} catch (error) {
  process.exitCode = error instanceof InterruptedError ? error.code : 1
  const told = error instanceof SetupError || error instanceof InterruptedError
  console.error(told ? `bench: ${error.message}` : error)
}
