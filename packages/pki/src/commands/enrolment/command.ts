// `anbox-pki token …`, `serve`, `enrol` and `renew`: options and help.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { days, dir, duration, examples, json, key, report, several, wholeNumber } from '../../command-line.ts'
import { enrolMachine, renewMachine } from './machine.ts'
import { serve } from './serve.ts'
import { createToken, listTokens, revokeToken } from './token.ts'

export function addEnrolment(anboxPki: Command): void {
  addToken(anboxPki)
  addServe(anboxPki)
  addMachine(anboxPki)
}

function addToken(anboxPki: Command): void {
  const token = anboxPki
    .command('token')
    .description('tokens with which machines enrol')
    .addHelpText('after', examples('anbox-pki token create edge1 --dir pki --out edge1.token'))
  const add = (usage: string, about: string, ...lines: string[]) =>
    token
      .command(usage)
      .description(about)
      .addOption(dir())
      .addOption(json())
      .addHelpText('after', examples(...lines.map((line) => `anbox-pki token ${line} --dir pki`)))

  add(
    'create <machine>',
    'make a token for one machine, and print it once',
    'create edge1 --out edge1.token',
    'create edge1 --role gateway --ttl 15m --days 7',
  )
    .addOption(several('--role <role>', 'what the machine is used as'))
    .addOption(new Option('--ttl <duration>', 'how long the token is good (default: 1h)').argParser(duration))
    .addOption(new Option('--days <days>', 'days that each certificate lives (default: 30)').argParser(days))
    .option('--out <file>', 'write it to a new file of mode 0600 in place of printing it')
    .action(report(createToken))
  add('list', 'list the tokens; what they are is known to nobody', 'list').action(report(listTokens))
  add('revoke <id>', 'take a token back; what was enrolled with it stays', 'revoke 0123456789abcdef').action(
    report(revokeToken),
  )
}

function addServe(anboxPki: Command): void {
  anboxPki
    .command('serve')
    .description('run the server at which machines enrol and renew (EST), and that has the revocation lists')
    .addOption(dir())
    .option('--address <address>', 'address to listen on', '127.0.0.1')
    .addOption(new Option('--port <port>', 'port to listen on; 0 takes a free one').argParser(port).default(8443))
    .addOption(several('--dns <name>', 'DNS name that machines know it by; localhost unless given'))
    .addOption(several('--ip <address>', 'IP address that they know it by; that of --address unless given'))
    .addOption(
      new Option('--grace <duration>', 'how long after its end a certificate can be renewed (default: 30d)').argParser(
        duration,
      ),
    )
    .addOption(
      new Option('--recoveries <number>', 'how often a machine can do that (default: 3)').argParser(wholeNumber),
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples(
        'anbox-pki serve --dir pki',
        'anbox-pki serve --dir pki --address 0.0.0.0 --dns pki.example --ip 192.0.2.1',
      ),
    )
    .action(report(serve))
}

function addMachine(anboxPki: Command): void {
  const add = (usage: string, about: string, ...lines: string[]) =>
    anboxPki
      .command(usage)
      .description(about)
      .requiredOption('--into <directory>', "the machine's own directory for key and certificate")
      .option('--name <name>', 'what the files are called (default: machine)')
      .addOption(key('type of the new key (default: "rsa-4096", or that of the last one)'))
      .addOption(new Option('--wait <duration>', 'keep trying for so long (default: 0s)').argParser(duration))
      .addOption(json())
      .addHelpText('after', examples(...lines.map((line) => `anbox-pki ${line}`)))

  add(
    'enrol <url>',
    'on a machine: make a key and get its first certificate with a token',
    'enrol https://pki.example:8443 --into /var/lib/machine --ca ca.crt --token-file edge1.token',
    'enrol https://pki.example:8443 --into /var/lib/machine --ca-fingerprint 01ab… --token-stdin --wait 10m',
  )
    .option('--ca <file>', 'the root, which the server must have its certificate from')
    .option('--ca-fingerprint <sha256>', 'SHA-256 of the root, in place of the file or to check it')
    .option('--token-stdin', 'read the token from standard input')
    .option('--token-file <file>', 'read it from a file')
    .option('--token-env <variable>', 'read it from an environment variable')
    .option('--forget-token', 'remove the --token-file once the machine is enrolled')
    .option('--replace', 'enrol anew where the machine is enrolled already')
    .action(report(enrolMachine))
  add(
    'renew',
    'on a machine: get the next certificate, if it is time',
    'renew --into /var/lib/machine',
    'renew --into /var/lib/machine --now',
  )
    .option('--now', 'also when it is not yet time')
    .action(report(renewMachine))
}

function port(text: string): number {
  const value = wholeNumber(text)
  if (value > 65_535) throw new InvalidArgumentError('It must be a port: 0 to 65535.')
  return value
}
