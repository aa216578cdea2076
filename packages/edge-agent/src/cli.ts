#!/usr/bin/env -S node --max-semi-space-size=1 --disable-warning=ExperimentalWarning
// anbox-edge: the daemon and what goes with it.
//
// The young generation is kept at 1 MiB: V8 otherwise lets twice its 16 MiB of dead buffers lie before it looks, and the
// agent passes other people's bytes on all day.
import { Command } from 'commander'
import { type Config, environmentName, keys, loadConfig } from './config.ts'
import { ConfigurationError } from './errors.ts'
import { makeLog } from './system/log.ts'
import { version } from './system/version.ts'

/** sysexits(3): EX_CONFIG. */
const badConfiguration = 78

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
