// `anbox-pki render`, `turn-user`, `account-token` and `lxd-join`: options and help.
import { Argument, type Command, InvalidArgumentError, Option } from 'commander'
import { days, dir, duration, examples, json, key, out, report, several } from '../../command-line.ts'
import { components } from '../../render/index.ts'
import { makeAccountToken, makeTurnUser } from './grant.ts'
import { join } from './lxd-join.ts'
import { renderComponent } from './render.ts'

export function addCredential(anboxPki: Command): void {
  addRender(anboxPki)
  withKey(
    anboxPki
      .command('turn-user')
      .description('make a temporary user of the TURN server, and print its password')
      .argument('<name>', 'who it is for')
      .addOption(dir())
      .addOption(
        new Option('--ttl <duration>', 'how long it can begin to relay, at most 1d')
          .argParser(duration)
          .default(3600, '1h'),
      ),
  )
    .addHelpText('after', examples('anbox-pki turn-user viewer1 --dir pki --ttl 10m'))
    .action(report(makeTurnUser))
  withKey(
    anboxPki
      .command('account-token')
      .description("make a token of the stream gateway's service account, and print it")
      .argument('<account>', 'name of the account')
      .addOption(dir())
      .addOption(new Option('--days <days>', 'days until it ends').argParser(days).default(90)),
  )
    .addHelpText('after', examples('anbox-pki account-token my-client --dir pki --days 30'))
    .action(report(makeAccountToken))
  anboxPki
    .command('lxd-join')
    .description('get a client certificate into the trust store of LXD, with a trust token')
    .argument('<name>', 'name of the credential')
    .addOption(dir())
    .addOption(out())
    .option('--address <host:port>', 'where LXD is, in place of the addresses in the token')
    .option('--token-stdin', 'read the token from standard input')
    .option('--token-file <file>', 'read it from a file')
    .option('--token-env <variable>', 'read it from an environment variable')
    .addOption(json())
    .addHelpText(
      'after',
      examples('lxc config trust add --name ops --quiet | anbox-pki lxd-join ops --dir pki --token-stdin'),
    )
    .action(report(join))
}

function addRender(anboxPki: Command): void {
  withKey(
    anboxPki
      .command('render')
      .description('write what a server runs with: configuration, certificate, key, whom it trusts, secrets')
      .addArgument(new Argument('<component>', 'which server').choices([...components]))
      .addOption(dir())
      .requiredOption('--out <directory>', 'where the files go; what root writes belongs to its owner')
      .option('--at <directory>', 'where they will be on the server (default: --out)')
      .option('--name <name>', "the server's own name (default: that of the component)")
      .addOption(several('--dns <name>', 'DNS name of the server; localhost unless given'))
      .addOption(several('--ip <address>', 'IP address of the server; that of --address unless given'))
      .option('--address <address>', 'address to listen on (default: 127.0.0.1)')
      .addOption(new Option('--port <port>', 'port to listen on, if not the usual one').argParser(port))
      .addOption(several('--client <name>', 'nats: who gets in, with its certificate and a token of its own'))
      .option('--shared-token', 'nats: one token for all, as Anbox Cloud has it')
      .option('--store <directory>', 'nats: JetStream, kept there; etcd: its data (default: /var/lib/etcd/default)')
      .option('--host <name>', 'etcd: the name by which others reach it (default: the first --dns)')
      .addOption(new Option('--peer-port <port>', 'etcd: port for the other members').argParser(port))
      .addOption(several('--member <name=url>', 'etcd: another member of a new cluster'))
      .addOption(several('--peer <addresses>', 'coturn: whom users may reach, ADDRESS or FIRST-LAST; others not'))
      .option('--public-address <address>', 'coturn: its address outside of the NAT')
      .addOption(new Option('--plain-port <port>', 'coturn: plain TURN too, at this port').argParser(port))
      .addOption(new Option('--relay-ports <first-last>', 'coturn: ports of relays').argParser(ports))
      .addOption(key("type of the key (default: the authority's; etcd: ECDSA always)"))
      .addOption(new Option('--days <days>', 'days until the certificate ends').argParser(days))
      .option('--renew', 'make a new key and certificate, though it is not time'),
  )
    .addHelpText(
      'after',
      examples(
        'anbox-pki render nats --dir pki --out /etc/nats --dns nats.example --client edge1 --client gateway',
        'anbox-pki render etcd --dir pki --out /etc/etcd --dns etcd1.example --address 192.0.2.7',
        'anbox-pki render coturn --dir pki --out /etc/coturn --dns turn.example --public-address 198.51.100.7',
        'anbox-pki render lxd --dir pki --out /var/lib/lxd --dns edge1.example',
      ),
    )
    .action(report(renderComponent))
}

/** The options of the store of secrets. */
function withKey(command: Command): Command {
  return command
    .addOption(
      new Option('--key-file <file>', 'key of the secrets (default: secrets/key in --dir)').env(
        'ANBOX_PKI_SECRETS_KEY',
      ),
    )
    .addOption(
      new Option('--key-credential <file>', 'key of the secrets, as systemd-creds keeps it').conflicts('keyFile'),
    )
    .addOption(json())
}

function port(text: string): number {
  const value = Number(text)
  if (!/^\d{1,5}$/.test(text) || value < 1 || value > 65_535) throw new InvalidArgumentError('It must be a port.')
  return value
}

function ports(text: string): [number, number] {
  const [first = '', last = '', ...more] = text.split('-')
  if (more.length > 0) throw new InvalidArgumentError('It must be FIRST-LAST.')
  return [port(first), port(last)]
}
