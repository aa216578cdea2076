#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// The command line: options, help and exit codes. What the commands do is in `commands/`.
import { readFileSync } from 'node:fs'
import { Argument, Command, CommanderError, Option } from 'commander'
import { purposes } from './authority/profile.ts'
import { days, dir, duration, examples, exitHelp, json, key, out, report, several } from './command-line.ts'
import { addAuthority } from './commands/authority/command.ts'
import { addBootstrap } from './commands/bootstrap/command.ts'
import { addCredential } from './commands/credential/command.ts'
import { addEnrolment } from './commands/enrolment/command.ts'
import { exportCredential } from './commands/export.ts'
import { init } from './commands/init.ts'
import { listSecretFiles } from './commands/inventory.ts'
import { issue } from './commands/issue.ts'
import { addRotate } from './commands/rotate/command.ts'
import { addSecret } from './commands/secret/command.ts'
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
  root_offline: 3,
  certificate_unknown: 3,
  authority_busy: 6,
  audit_damaged: 5,
  backup_refused: 7,
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
  rotation_missing: 3,
  rotation_conflict: 4,
  rotation_waiting: 8,
  consumer_failed: 8,
  adoption_failed: 8,
}
function program(): Command {
  const anboxPki = new Command('anbox-pki')
    .description('The shared root CA of a deployment, and the certificates of its components')
    .version(version())
    .exitOverride()
    .addHelpText('after', exitHelp)

  anboxPki
    .command('init')
    .description('create the root and the intermediates, finish a creation that was cut short, or say what is there')
    .addOption(dir())
    .option('--name <name>', 'what the CA names begin with (default: "Anbox Edge")')
    .addOption(key('type of the CA keys, and of later keys unless said otherwise (default: "rsa-4096")'))
    .addOption(several('--purpose <purpose>', `an intermediate it must have (default: ${purposes.join(', ')})`))
    .addOption(
      new Option('--root-dir <directory>', 'where the root and its key are kept, if not in --dir').env(
        'ANBOX_PKI_ROOT_DIR',
      ),
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples(
        'anbox-pki init --dir pki',
        'anbox-pki init --dir pki --name Lab --key ecdsa-p384 --json',
        'anbox-pki init --dir pki --root-dir /media/root',
      ),
    )
    .action(report(init))

  anboxPki
    .command('issue')
    .description('make a key and a certificate for a server, a client or a peer, which is both')
    .addArgument(new Argument('<kind>', 'what it is for').choices(['server', 'client', 'peer']))
    .argument('<name>', 'common name, and name of the files')
    .addOption(dir())
    .addOption(out())
    .addOption(new Option('--purpose <purpose>', 'which intermediate signs').choices([...purposes]).default('control'))
    .addOption(several('--dns <name>', 'DNS name; a server or peer needs one'))
    .addOption(several('--ip <address>', 'IP address of a server or peer'))
    .addOption(several('--uri <uri>', 'identity in place of anbox:KIND/NAME'))
    .addOption(several('--email <address>', 'e-mail address; messaging only'))
    .addOption(key("type of the key (default: the authority's)"))
    .addOption(new Option('--days <days>', 'days until it ends (default: 90; agents 30, instances 7)').argParser(days))
    .option('--force', 'replace the key and the certificate that are there')
    .addOption(json())
    .addHelpText(
      'after',
      examples(
        'anbox-pki issue server edge1 --dir pki --dns edge1.example --ip 192.0.2.7',
        'anbox-pki issue client ops --dir pki --key ecdsa-p256 --days 30 --out credentials',
        'anbox-pki issue peer etcd1 --purpose etcd --dir pki --dns etcd1.example',
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

  addAuthority(anboxPki)
  addSecret(anboxPki)
  addCredential(anboxPki)

  anboxPki
    .command('inventory')
    .description('find the files that hold secrets: owner, mode, who reads them, age, warnings; never what is in them')
    .option('--dir <directory>', 'directory of an authority, to be looked at too')
    .option('--root <directory>', 'where the file system begins (default: "/")')
    .addOption(several('--file <file>', 'a further file, or a pattern'))
    .addOption(
      new Option('--old <duration>', 'warn of what has not changed for longer (default: 365d)').argParser(duration),
    )
    .addOption(json())
    .addHelpText('after', examples('anbox-pki inventory', 'anbox-pki inventory --dir pki --json'))
    .action(report(listSecretFiles))

  addEnrolment(anboxPki)
  addBootstrap(anboxPki)
  addRotate(anboxPki)

  return anboxPki
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
