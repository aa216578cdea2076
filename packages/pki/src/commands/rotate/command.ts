// `anbox-pki rotate …`: options and help.
import { Argument, type Command, Option } from 'commander'
import { purposes } from '../../authority/profile.ts'
import { dir, duration, examples, json, key, report, several, wholeNumber } from '../../command-line.ts'
import { intermediate, leaf, root, secret } from './begin.ts'
import { abort, acknowledge, apply, next, resume, status } from './go.ts'

export function addRotate(anboxPki: Command): void {
  const rotate = anboxPki
    .command('rotate')
    .description('change the root, an intermediate, a leaf or a secret, phase by phase, while everything goes on')
    .addHelpText('after', examples('anbox-pki rotate root --dir pki --announce', 'anbox-pki rotate next --dir pki'))
  const add = (usage: string, about: string, ...lines: string[]) =>
    rotate
      .command(usage)
      .description(about)
      .addOption(dir())
      .addOption(json())
      .addHelpText('after', examples(...lines.map((line) => `anbox-pki rotate ${line} --dir pki`)))
  const begins = (command: Command) =>
    command
      .option('--consumers <file>', 'who uses what, and what it takes to change it (default: consumers.json in --dir)')
      .option('--announce', 'only say what every consumer will have to do in every phase')
      .addOption(
        new Option('--overlap <duration>', 'how long old and new must be in use together (default: 0s)').argParser(
          duration,
        ),
      )

  rooted(begins(add('root', 'begin to change the root', 'root --announce', 'root --reissue all')))
    .addOption(key("type of the new root's key (default: the authority's)"))
    .addOption(several('--reissue <consumer>', 'who gets a new key and leaf too, or "all"'))
    .option('--destroy-key', "do not keep the old root's key when it is over")
    .action(report(root))
  rooted(
    begins(add('intermediate', 'begin to change an intermediate', 'intermediate etcd', 'intermediate agents --revoke')),
  )
    .addArgument(new Argument('<purpose>', 'what it is for').choices([...purposes]))
    .option('--revoke', 'at the end revoke what the old one signed')
    .action(report(intermediate))
  begins(add('leaf <consumer>', "begin to change a consumer's key and leaf", 'leaf edge1', 'leaf edge1 --revoke'))
    .option('--revoke', 'at the end revoke the old leaf')
    .action(report(leaf))
  stored(begins(add('secret <name>', 'begin to change a secret', 'secret turn --overlap 1d'))).action(report(secret))

  add('status', 'say where the rotation is, and for whom it waits', 'status').action(report(status))
  going(add('next', 'enter the next phase', 'next', 'next --apply', 'next --force edge7'))
    .addOption(several('--force <consumer>', 'do not wait for it'))
    .action(report(next))
  add('ack <consumer>', 'say that a consumer works with what the phase gave it', 'ack nats', 'ack nats --step 3')
    .addOption(new Option('--step <number>', 'only if the rotation is at this step').argParser(wholeNumber))
    .action(report(acknowledge))
  stored(
    rooted(add('apply [consumer...]', 'run the commands of the consumers, and acknowledge', 'apply', 'apply nats')),
  ).action(report(apply))
  going(add('abort', 'turn back, phase by phase', 'abort', 'abort --apply')).action(report(abort))
  going(add('resume', 'go forward again after an abort', 'resume')).action(report(resume))
}

function going(command: Command): Command {
  return stored(rooted(command)).option('--apply', 'run the commands of the consumers, before and after')
}

function rooted(command: Command): Command {
  return command.option('--root-dir <directory>', 'where the root is kept with its key, if not in --dir')
}

function stored(command: Command): Command {
  return command
    .addOption(
      new Option('--key-file <file>', 'key of the secrets (default: secrets/key in --dir)').env(
        'ANBOX_PKI_SECRETS_KEY',
      ),
    )
    .addOption(new Option('--key-credential <file>', 'the same, as systemd-creds keeps it').conflicts('keyFile'))
}
