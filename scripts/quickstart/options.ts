import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { SetupError } from '../errors.ts'

export const usage = `Usage: npm run quickstart -- [options]

Hosts Android systems on this machine: installs what is missing, starts a private LXD, makes certificates, starts the
agent, launches the systems through @anbox/sdk over mutual TLS, and looks into each with the API's exec and with adb.
Run it again to go on from where it is.

  --instances N        how many Android systems (2)
  --image FILE         an LXD image (one tarball) with Android, instead of the built-in stand-in
  --host-lxd [SOCKET]  use this machine's LXD instead of a private one
  --port PORT          port of the agent's API on 127.0.0.1 (the first free one from 8444)
  --stop               stop everything and keep it for the next run
  --clean              stop everything and delete it
  --once               delete everything at the end, whatever happens
  --json               end standard output with one JSON line
  --yes                do not ask before sudo is used
  --help

Environment: ANBOX_QUICKSTART_DIR is where everything is kept, .anbox in the checkout unless said.

Examples:
  npm run quickstart
  npm run quickstart -- --instances 4
  npm run quickstart -- --image android.tar.xz
  npm run quickstart -- --once --json`

export type Options = {
  do: 'help' | 'run' | 'stop' | 'clean'
  instances: number
  image?: string
  /** Socket of the machine's own LXD; `true` is where Debian or the snap put it. */
  hostLxd?: string | true
  port?: number
  once: boolean
  json: boolean
  yes: boolean
}

/** Throws SetupError that names the wrong argument. */
export function readOptions(args: string[]): Options {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: bareHostLxd(args),
      options: {
        instances: { type: 'string', default: '2' },
        image: text,
        'host-lxd': text,
        port: text,
        stop: flag,
        clean: flag,
        once: flag,
        json: flag,
        yes: flag,
        help: flag,
      },
    })
    const doings = (['help', 'stop', 'clean'] as const).filter((name) => values[name])
    if (doings.length > 1) throw new Error(`--${doings[0]} and --${doings[1]} do not go together`)
    return {
      do: doings[0] ?? 'run',
      instances: wholeNumber('--instances', values.instances, 1, 500),
      image: values.image === undefined ? undefined : resolve(values.image),
      hostLxd: values['host-lxd'] === '' ? true : values['host-lxd'],
      port: values.port === undefined ? undefined : wholeNumber('--port', values.port, 1, 65_535),
      once: values.once,
      json: values.json,
      yes: values.yes,
    }
  } catch (error) {
    throw new SetupError(`${(error as Error).message.replace(/\. To specify.*/s, '')} (--help shows what there is)`)
  }
}

// parseArgs has no options with an optional value.
function bareHostLxd(args: string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1]
    return arg === '--host-lxd' && (next === undefined || next.startsWith('-')) ? '--host-lxd=' : arg
  })
}

function wholeNumber(name: string, value: string, least: number, most: number): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number >= least && number <= most) return number
  throw new Error(`${name} has to be a whole number from ${least} to ${most}, not "${value}"`)
}
