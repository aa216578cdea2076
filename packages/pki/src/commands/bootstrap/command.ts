// `anbox-pki cloud-init`, `adopt` and `bootstrap`: options and help.
import { type Command, Option } from 'commander'
import { usualProgram } from '../../bootstrap/cloud-config.ts'
import { bootstrapDirectory } from '../../bootstrap/plan.ts'
import { days, dir, duration, examples, json, key, report, several, wholeNumber } from '../../command-line.ts'
import { adoptMachine } from './adopt.ts'
import { writeCloudInit } from './cloud-init.ts'
import { bootstrapMachine } from './machine.ts'

export function addBootstrap(anboxPki: Command): void {
  machine(anboxPki.command('cloud-init <machine>'))
    .description('write what a new machine enrols with at its first boot: user data for cloud-init')
    .option('--out <directory>', 'a NoCloud seed: a directory with user-data and meta-data')
    .option('--image <file>', 'a NoCloud seed: a FAT image labelled CIDATA')
    .option('--user-data <file>', 'the user data alone')
    .option('--network-config <file>', 'goes into the seed as network-config')
    .addOption(new Option('--ttl <duration>', 'how long the token is good (default: 1h)').argParser(duration))
    .option('--force', 'replace the file that is there')
    .addHelpText(
      'after',
      examples(
        'anbox-pki cloud-init edge1 --dir pki --url https://pki.example:8443 --out seed',
        'anbox-pki cloud-init edge1 --dir pki --url https://pki.example:8443 --image edge1.img --agent-config agent.yaml --ttl 7d',
      ),
    )
    .action(report(writeCloudInit))

  machine(anboxPki.command('adopt <host>'))
    .description('bring a machine that runs already into the deployment, over SSH ([USER@]HOST)')
    .option('--machine <name>', 'name of the machine (default: HOST)')
    .option('--known-hosts <file>', "file with the host's key")
    .option('--host-fingerprint <sha256>', "SHA256:… of the host's key, as ssh-keygen -l prints it there")
    .option('--host-ca <file>', "public key of the CA that signed the host's key")
    .addOption(new Option('--port <port>', 'port of sshd (default: 22)').argParser(wholeNumber))
    .option('--identity <file>', "key to log in with (default: ssh's own choice)")
    .option('--sudo', 'become root by sudo -n there')
    .option('--replace', 'enrol anew where the machine is enrolled already')
    .addOption(new Option('--wait <duration>', 'how long the machine keeps trying (default: 60s)').argParser(duration))
    .addHelpText(
      'after',
      examples(
        'anbox-pki adopt root@edge1.example --machine edge1 --dir pki --url https://pki.example:8443 --known-hosts known_hosts',
        "anbox-pki adopt admin@192.0.2.7 --machine edge2 --sudo --dir pki --url https://pki.example:8443 --host-fingerprint 'SHA256:…'",
      ),
    )
    .action(report(adoptMachine))

  anboxPki
    .command('bootstrap')
    .argument('[directory]', 'where cloud-init put the files', bootstrapDirectory)
    .description('on a machine: enrol with what cloud-init or adopt brought, and remove the token from everywhere')
    .option('--stdin', 'take all of it from standard input, as adopt sends it')
    .addOption(new Option('--wait <duration>', 'keep trying for so long (default: 0s)').argParser(duration))
    .option('--replace', 'enrol anew where the machine is enrolled already')
    .addOption(json())
    .addHelpText('after', examples(`anbox-pki bootstrap ${bootstrapDirectory} --wait 10m`))
    .action(report(bootstrapMachine))
}

function machine(command: Command): Command {
  return command
    .addOption(dir())
    .requiredOption('--url <url>', 'the server that it enrols at, as the machine reaches it')
    .addOption(several('--role <role>', 'what the machine is used as'))
    .addOption(new Option('--days <days>', 'days that each of its certificates lives (default: 30)').argParser(days))
    .option('--into <directory>', 'where its key and certificate go (default: /var/lib/anbox-edge/identity)')
    .addOption(key('type of its key (default: "rsa-4096")'))
    .option('--agent-config <file>', "the agent's configuration, to be put at /etc/anbox-edge/config.yaml")
    .addOption(several('--authorized-key <file>', 'public keys that may log in'))
    .addOption(several('--ssh-user-ca <file>', 'public key of a CA whose user certificates may log in'))
    .addOption(several('--ssh-host-ca <file>', 'public key of a CA whose host certificates it believes'))
    .option('--program <path>', `anbox-pki on the machine (default: ${usualProgram})`)
    .addOption(json())
}
