#!/usr/bin/env -S node --max-semi-space-size=1 --optimize-for-size --disable-warning=ExperimentalWarning
// anbox-edge: the daemon and what goes with it.
//
// The young generation is kept at 1 MiB: V8 otherwise lets twice its 16 MiB of dead buffers lie before it looks, and the
// agent passes other people's bytes on all day.
import { existsSync } from 'node:fs'
import type { AmsClient } from '@anbox/sdk'
import { Command } from 'commander'
import { type Config, environmentName, loadConfig } from './config.ts'
import { keys } from './config-keys.ts'
import { ConfigurationError } from './errors.ts'
import { makeLog } from './system/log.ts'
import { version } from './system/version.ts'

/** sysexits(3): EX_CONFIG. */
const badConfiguration = 78
/** Where the package puts it. */
const usualConfig = '/etc/anbox-edge/config.yaml'

const program = new Command('anbox-edge')
  .description('Hosts one Android system per LXD instance on this machine, and serves the AMS API for them.')
  .version(version)
  .showHelpAfterError()
  .addHelpText(
    'after',
    `\nExit codes: 0 ended as asked, 1 failed, ${badConfiguration} the configuration cannot be used.\n`,
  )

const examples = `
Examples:
  anbox-edge run --config /etc/anbox-edge/config.yaml
  ANBOX_EDGE_LOG_LEVEL=debug anbox-edge run --config config.yaml
  anbox-edge run --config config.yaml --api.port 9444

Configuration keys (file; environment; flag):
${keys.map(({ path, about, default: preset }) => `  ${path.padEnd(26)} ${environmentName(path)}\n${' '.repeat(29)}${about}${preset === undefined || preset === '' ? '' : ` [${[preset].flat().join(' ')}]`}`).join('\n')}
`

const operatorExamples = (name: string, args: string) => `
Examples:
  anbox-edge ${name}${args}
  anbox-edge ${name}${args} --json
  anbox-edge ${name}${args} --config /etc/anbox-edge/config.yaml
`

const patchAbout = `what is being patched and what comes next; or one of
  check             look for something newer now
  apply PATCH       let it go in whatever windows and waves say
  hold [WHAT]       nothing (of a kind, or a patch) goes in until --until
  unhold [WHAT]
  forgive PATCH     a version that was taken back may be tried again
  unlock            give this machine's place at the fleet's lock back`
/** What stands for the operands in the examples. */
const samples: Record<string, string> = {
  '<file>': 'bundle.tar.gz',
  '[action] [what]': 'apply images/default',
  '<what> [version]': 'openssl 3.0.15-1~deb12u1',
}
const sampleOf = (args: string) => samples[args] ?? args.replace(/[[\]]/g, '')

for (const [name, args, about, action] of [
  ['status', '', 'what this machine hosts and what is under way', status],
  ['doctor', '', 'look for what keeps the agent from its work; exit code 1 where something does', doctor],
  ['logs', '[instance] [log]', 'the kept logs of instances that failed', logs],
  ['support-bundle', '<file>', 'write what somebody who helps needs to see to a .tar.gz, without secrets', bundle],
  ['patch', '[action] [what]', patchAbout, patch],
  [
    'attest',
    '',
    "the machine's patch state as a signed statement (a JWS by the key of the agent's certificate)",
    attest,
  ],
  [
    'lacking',
    '<what> [version]',
    'who lacks a version of a package, or an Android bulletin such as 2026-11-05',
    lacking,
  ],
] as const) {
  const command = program
    .command(`${name} ${args}`.trim())
    .description(about)
    .option('-c, --config <file>', `YAML file [${usualConfig}, where there is one]`)
    .option('--json', 'JSON for a program to read')
  if (name === 'patch')
    command
      .option('--until <time>', 'of a hold: when it ends, such as 2030-01-31T12:00:00Z')
      .option('--reason <text>', 'of a hold')
  command.addHelpText('after', operatorExamples(name, args && ` ${sampleOf(args)}`))
  for (const key of keys) command.addOption(command.createOption(`--${key.path} <value>`, key.about).hideHelp())
  command.action((...given: unknown[]) => {
    const options = given.at(-2) as Record<string, string | undefined> & { json?: boolean }
    const operands = given.slice(0, -2) as (string | undefined)[]
    return guard(async () => {
      const { json = false, until, reason, ...rest } = options
      const { config: file = existsSync(usualConfig) ? usualConfig : undefined, ...flags } = rest
      const config = loadConfig({ file, env: process.env, flags })
      const { AmsClient } = await import('@anbox/sdk')
      await using ams = new AmsClient({ socketPath: config.api.socket, retries: 0 })
      await action({ config, ams, json, until, reason }, ...operands)
    })
  })
}

for (const [name, about, action] of [
  ['run', 'run the daemon in the foreground', run],
  ['check', 'check the configuration and print it whole', check],
] as const) {
  const command = program
    .command(name)
    .description(about)
    .option('-c, --config <file>', 'YAML file')
    .addHelpText('after', examples)
  for (const key of keys) command.addOption(command.createOption(`--${key.path} <value>`, key.about).hideHelp())
  command.action((options: Record<string, string | undefined>) =>
    guard(() => action(loadConfig({ file: options.config, env: process.env, flags: options }))),
  )
}

async function run(config: Config): Promise<void> {
  const log = makeLog(config.log.level)
  const stopped = new Promise<NodeJS.Signals>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
  // Loaded only here: the other commands answer at once without it.
  const { startAgent } = await import('./agent.ts')
  const agent = await startAgent(config, log)
  process.on('SIGHUP', () => agent.reload())
  const signal = await stopped
  log.info({ signal }, 'stopping; the Android systems go on')
  await agent.stop()
}

type Operator = {
  config: Config
  ams: AmsClient
  json: boolean
  until?: string | undefined
  reason?: string | undefined
}
const print = (text: string) => process.stdout.write(text)
const printJson = (value: unknown) => print(`${JSON.stringify(value, null, 2)}\n`)

async function status({ ams, json }: Operator): Promise<void> {
  const { readStatus, statusText } = await import('./operator/status.ts')
  const found = await readStatus(ams)
  if (json) printJson(found)
  else print(statusText(found))
}

async function doctor({ config, ams, json }: Operator): Promise<void> {
  const { examine, findingsText } = await import('./operator/doctor.ts')
  const findings = await examine(config, ams)
  if (json) printJson(findings)
  else print(findingsText(findings))
  if (findings.some(({ verdict }) => verdict === 'failed')) process.exitCode = 1
}

async function logs({ ams, json }: Operator, instance?: string, log?: string): Promise<void> {
  if (instance && log) {
    for await (const chunk of await ams.instances.logs.get(instance, log)) process.stdout.write(chunk as Buffer)
    return
  }
  const failed = instance ? [await ams.instances.get(instance)] : await ams.instances.list({ status: 'error' })
  const found = failed.map(({ name, error_message: message, stored_logs: stored = [] }) => ({
    name,
    message,
    logs: stored,
  }))
  if (json) printJson(found)
  else if (found.length === 0) print('no instance is in error\n')
  else
    for (const { name, message, logs } of found)
      print(`${name}: ${message || 'no error'}\n  ${logs.join('\n  ') || 'no logs'}\n`)
}

async function bundle({ config, ams, json }: Operator, file = ''): Promise<void> {
  const { writeBundle } = await import('./operator/bundle.ts')
  const parts = await writeBundle(file, config, ams)
  if (json) printJson({ file, parts })
  else print(`${file}: ${parts.length} parts\n`)
}

async function patch({ ams, json, until, reason }: Operator, action?: string, what?: string): Promise<void> {
  const { readPatches, order, patchText } = await import('./operator/patch.ts')
  const named = what === undefined ? {} : action === 'hold' || action === 'unhold' ? { what } : { patch: what }
  const body = action && { action, ...named, ...(until && { until }), ...(reason && { reason }) }
  const found = body ? await order(ams, body) : await readPatches(ams)
  if (json) printJson(found)
  else print(patchText(found))
}

async function attest({ ams, json }: Operator): Promise<void> {
  const { readAttestation } = await import('./operator/patch.ts')
  const found = await readAttestation(ams)
  if (json || !found.jws) printJson(found.statement)
  else print(`${found.jws}\n`)
}

async function lacking({ ams, json }: Operator, what = '', version?: string): Promise<void> {
  const { readLacking, lackingText } = await import('./operator/patch.ts')
  const found = await readLacking(ams, version ? { package: what, version } : { bulletin: what })
  if (json) printJson(found)
  else print(lackingText(found))
  if (found.lacking.length > 0) process.exitCode = 1
}

async function check(config: Config): Promise<void> {
  process.stdout.write(`${JSON.stringify(config, null, 2)}\n`)
}

async function guard(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.stderr.write(`anbox-edge: ${(error as Error).message}\n`)
    process.exitCode = error instanceof ConfigurationError ? badConfiguration : 1
  }
}

await program.parseAsync()
