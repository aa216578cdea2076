// `anbox-pki secret …`: options and help.
import { type Command, Option } from 'commander'
import { dir, duration, examples, json, out, report, wholeNumber } from '../../command-line.ts'
import { secretFormats } from '../../secrets/generate.ts'
import { create, grant, remove, revoke, rotate } from './change.ts'
import { list, show } from './read.ts'
import { accept, offer } from './share.ts'

export function addSecret(anboxPki: Command): void {
  const secret = anboxPki
    .command('secret')
    .description('secrets of the deployment: made, granted, rotated, shared with others')
    .addHelpText('after', examples('anbox-pki secret create turn --owner coturn --dir pki'))
  const add = (usage: string, about: string, ...lines: string[]) =>
    secret
      .command(usage)
      .description(about)
      .addOption(dir())
      .addOption(
        new Option('--key-file <file>', 'key of the store (default: secrets/key in --dir)').env(
          'ANBOX_PKI_SECRETS_KEY',
        ),
      )
      .addOption(
        new Option('--key-credential <file>', 'key of the store, as systemd-creds keeps it').conflicts('keyFile'),
      )
      .addOption(json())
      .addHelpText('after', examples(...lines.map((line) => `anbox-pki secret ${line} --dir pki`)))

  value(
    add(
      'create <name>',
      'make a secret, or take one in',
      'create turn --owner coturn',
      'create nats-token --owner nats --bytes 32 --format hex --ttl 90d',
    ),
  )
    .requiredOption('--owner <owner>', 'who it belongs to: a component or a person')
    .addOption(new Option('--bytes <number>', 'random bytes it is made of (default: 64)').argParser(wholeNumber))
    .addOption(
      new Option('--format <format>', 'alphabet of a generated secret (default: "base64url")').choices([
        ...secretFormats,
      ]),
    )
    .addOption(
      new Option('--ttl <duration>', 'how long each revision is good (default: without end)').argParser(duration),
    )
    .action(report(create))
  add('list', 'list the secrets, never their values', 'list').action(report(list))
  add('show <name>', 'say what is known of a secret; its value only with --reveal', 'show turn', 'show turn --reveal')
    .option('--reveal', 'print the value, and nothing else')
    .option('--as <consumer>', 'read it as this consumer (default: as its owner)')
    .option('--relation <relation>', 'and in this relation')
    .action(report(show))
  value(add('rotate [name]', 'make a new revision', 'rotate turn --overlap 1d', 'rotate --due 7d --overlap 1h'))
    .addOption(
      new Option('--overlap <duration>', 'how long the revisions before stay good (default: 0s)').argParser(duration),
    )
    .addOption(new Option('--if-revision <number>', 'only while this is the current revision').argParser(wholeNumber))
    .addOption(new Option('--due <duration>', 'all generated secrets that end within this time').argParser(duration))
    .action(report(rotate))
  add('grant <name>', 'let a consumer read a secret', 'grant turn --to gateway --relation coturn:gateway')
    .requiredOption('--to <consumer>', 'who may read it')
    .requiredOption('--relation <relation>', 'for as long as this relation lasts')
    .action(report(grant))
  add(
    'revoke [name]',
    'take a grant back, or all grants of a relation that is over',
    'revoke turn --to gateway',
    'revoke --relation coturn:gateway',
  )
    .option('--to <consumer>', 'from whom')
    .option('--relation <relation>', 'the grant in this relation only; without a name, all grants in it')
    .action(report(revoke))
  add(
    'remove <name>',
    'remove a secret, or end an earlier revision before its time',
    'remove turn',
    'remove turn --revision 1',
  )
    .addOption(new Option('--revision <number>', 'only this earlier revision').argParser(wholeNumber))
    .action(report(remove))
  add(
    'offer <name>',
    'encrypt a secret to the certificate of another deployment',
    'offer turn --to paris.crt --as berlin --file turn.offer',
  )
    .requiredOption('--to <file>', "the consumer's certificate")
    .requiredOption('--as <credential>', 'the credential that signs')
    .requiredOption('--file <file>', 'the offer to write')
    .addOption(new Option('--expires <duration>', 'until when it can be accepted (default: 7d)').argParser(duration))
    .option('--note <text>', 'what the consumer should know')
    .option('--force', 'replace the file that is there')
    .addOption(out())
    .action(report(offer))
  add(
    'accept <file>',
    'take in what another deployment offers',
    'accept turn.offer --as paris --from anbox:client/berlin --root berlin-root.crt --owner gateway',
  )
    .requiredOption('--as <credential>', 'the credential that it was encrypted to')
    .requiredOption('--from <uri>', 'the producer')
    .requiredOption('--root <file>', "the root of the producer's certificate")
    .requiredOption('--owner <owner>', 'who it belongs to here')
    .option('--name <name>', "its name here (default: the producer's)")
    .addOption(
      new Option('--overlap <duration>', 'how long an earlier revision stays good (default: 0s)').argParser(duration),
    )
    .addOption(out())
    .action(report(accept))
}

function value(command: Command): Command {
  return command
    .option('--value-stdin', 'read the value from standard input')
    .option('--value-file <file>', 'read it from a file')
    .option('--value-env <variable>', 'read it from an environment variable')
}
