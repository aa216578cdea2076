// What is done to an authority as a whole, and to what it has issued: options and help.
import { Argument, type Command, Option } from 'commander'
import { purposes } from '../../authority/profile.ts'
import { reasons } from '../../authority/revocation.ts'
import { dir, examples, json, report, wholeNumber } from '../../command-line.ts'
import { audit } from './audit.ts'
import { backup, restore } from './backup.ts'
import { crl, revoke } from './revoke.ts'

export function addAuthority(anboxPki: Command): void {
  const add = (usage: string, about: string, ...lines: string[]) =>
    anboxPki
      .command(usage)
      .description(about)
      .addOption(dir())
      .addOption(json())
      .addHelpText('after', examples(...lines.map((line) => `anbox-pki ${line}`)))
  const secret = (command: Command) =>
    command
      .option('--password-stdin', 'read the passphrase from standard input')
      .option('--password-file <file>', 'read it from a file')
      .option('--password-env <variable>', 'read it from an environment variable')

  add(
    'revoke',
    'revoke a certificate, and renew the list that names it',
    'revoke 5f0c2a… --dir pki --reason keyCompromise',
    'revoke pki/credentials/ops.crt --dir pki',
  )
    .argument('<certificate>', 'its serial, its SHA-256, or a file that holds it')
    .addOption(new Option('--reason <reason>', 'why').choices(Object.keys(reasons)).default('unspecified'))
    .action(report(revoke))

  add(
    'crl',
    'renew revocation lists: PURPOSE/crl.pem in --dir, good for seven days',
    'crl etcd --dir pki',
    'crl --dir pki',
  )
    .addArgument(new Argument('[purpose]', 'whose list (default: all)').choices([...purposes]))
    .option('--file <file>', 'write the lists to this file too')
    .action(report(crl))

  add(
    'audit',
    'check that nobody changed the audit log, and show its end',
    'audit --dir pki',
    'audit --dir pki --last 100 --json',
    'audit --dir pki --known 9f86d081…',
  )
    .addOption(new Option('--last <lines>', 'how many lines to show').argParser(wholeNumber).default(20))
    .option('--known <hash>', 'hash of a line that must be in it, kept elsewhere since')
    .action(report(audit))

  secret(
    add(
      'backup <file>',
      'write the whole authority, keys included, into one encrypted file',
      'backup pki.backup --dir pki --password-file passphrase.txt',
      'backup pki.backup --dir pki --to keeper.crt',
    ),
  )
    .option('--to <certificate>', 'encrypt it to this certificate (a file) instead of a passphrase')
    .option('--force', 'replace the file that is there')
    .action(report(backup))

  secret(
    add(
      'restore <file>',
      'make the directory of an authority of a backup',
      'restore pki.backup --dir pki --password-file passphrase.txt',
      'restore pki.backup --dir pki --key keeper.key',
    ),
  )
    .option('--key <file>', 'private key of the certificate that it was encrypted to')
    .action(report(restore))
}
