#!/usr/bin/env node
// The command line: options, help and exit codes. What the commands do is in `commands/`.
import { readFileSync } from 'node:fs'
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { keyTypes } from './authority/key.ts'
import { exportCredential } from './commands/export.ts'
import { init } from './commands/init.ts'
import { issue } from './commands/issue.ts'
import type { Report } from './commands/report.ts'
import { show } from './commands/show.ts'
import { PkiError, type PkiErrorCode } from './errors.ts'

const exitCodes: Record<PkiErrorCode, number> = {
  invalid_request: 2,
  authority_missing: 3,
  credential_missing: 3,
  credential_exists: 4,
  authority_conflict: 4,
  authority_damaged: 5,
  authority_expired: 5,
  unsafe_directory: 6,
  openssl_missing: 6,
  clock_wrong: 6,
  secret_missing: 3,
  secret_conflict: 4,
  secret_refused: 7,
  secrets_damaged: 5,
  offer_refused: 7,
  token_missing: 3,
  enrolment_missing: 3,
  enrolment_refused: 7,
  server_untrusted: 7,
  enrolment_unavailable: 8,
}
const exitHelp = `
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

const json = () => new Option('--json', 'print one JSON document')
const dir = () =>
  new Option('--dir <directory>', 'directory of the authority').env('ANBOX_PKI_DIR').makeOptionMandatory()
const out = () => new Option('--out <directory>', 'directory of the credentials (default: credentials in --dir)')
const key = (what: string) => new Option('--key <type>', what).choices([...keyTypes])
const list = (value: string, before: string[]) => [...before, value]
const several = (flags: string, what: string) =>
  new Option(flags, `${what} (repeatable)`).argParser(list).default([], 'none')
const examples = (...lines: string[]) => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n${exitHelp}`

function program(): Command {
  const anboxPki = new Command('anbox-pki')
    .description('The shared root CA of a deployment, and the certificates of its components')
    .version(version())
    .exitOverride()
    .addHelpText('after', exitHelp)

  anboxPki
    .command('init')
    .description('create the root and the intermediate, finish a creation that was cut short, or say what is there')
    .addOption(dir())
    .option('--name <name>', 'what the CA names begin with (default: "Anbox Edge")')
    .addOption(key('type of the CA keys, and of later keys unless said otherwise (default: "rsa-4096")'))
    .addOption(json())
    .addHelpText(
      'after',
      examples('anbox-pki init --dir pki', 'anbox-pki init --dir pki --name Lab --key ecdsa-p384 --json'),
    )
    .action(report(init))

  anboxPki
    .command('issue')
    .description('make a key and a certificate for a server or a client')
    .addArgument(new Argument('<kind>', 'what it is for').choices(['server', 'client']))
    .argument('<name>', 'common name, and name of the files')
    .addOption(dir())
    .addOption(out())
    .addOption(several('--dns <name>', 'DNS name; a server needs one'))
    .addOption(several('--ip <address>', 'IP address of a server'))
    .addOption(several('--uri <uri>', 'identity in place of anbox:KIND/NAME'))
    .addOption(key("type of the key (default: the authority's)"))
    .addOption(new Option('--days <days>', 'days until it ends').argParser(days).default(90))
    .option('--force', 'replace the key and the certificate that are there')
    .addOption(json())
    .addHelpText(
      'after',
      examples(
        'anbox-pki issue server edge1 --dir pki --dns edge1.example --ip 192.0.2.7',
        'anbox-pki issue client ops --dir pki --key ecdsa-p256 --days 30 --out credentials',
      ),
    )
    .action(report(issue))

  anboxPki
    .command('show')
    .description('say what the authority is and what it has issued')
    .addOption(dir())
    .addOption(json())
    .addHelpText('after', examples('anbox-pki show --dir pki', 'anbox-pki show --dir pki --json'))
    .action(report(show))

  anboxPki
    .command('export')
    .description('write a credential as a PKCS#12 file, for browsers and key stores')
    .argument('<name>', 'name of the credential')
    .addOption(dir())
    .addOption(out())
    .option('--file <file>', 'the file to write (default: NAME.p12 beside the credential)')
    .option('--password-stdin', 'read the password from standard input')
    .option('--password-file <file>', 'read it from a file')
    .option('--password-env <variable>', 'read it from an environment variable')
    .option('--force', 'replace the file that is there')
    .addOption(json())
    .addHelpText('after', examples('anbox-pki export ops --dir pki --password-file password.txt'))
    .action(report(exportCredential))

  return anboxPki
}

/** An action for commander, which calls it with the arguments, the options and the command. */
function report<Rest extends unknown[]>(command: (...rest: Rest) => Promise<Report>) {
  return async (...given: [...Rest, Command]) => {
    const self = given.at(-1) as Command
    const { text, json } = await command(...(given.slice(0, -1) as Rest))
    process.stdout.write(self.opts().json ? `${JSON.stringify(json)}\n` : `${text.join('\n')}\n`)
  }
}

function days(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('It must be a whole number, 1 or more.')
  return value
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Says what went wrong and gives the exit code. Only our own messages are known to hold no secret. */
function fail(error: unknown, asJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const code = error instanceof PkiError ? error.code : 'unforeseen'
  const message = error instanceof Error ? error.message : String(error)
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`)
  else process.stderr.write(`anbox-pki: ${message}\n`)
  return error instanceof PkiError ? exitCodes[error.code] : 1
}

try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = fail(error, process.argv.includes('--json'))
}
