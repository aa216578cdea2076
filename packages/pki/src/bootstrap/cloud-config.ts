// User data for cloud-init, as cloud-config: the files of the plan, the token in one of mode 0600, and a unit that enrols.
//
// It is not `runcmd` that enrols: cloud-init would go on to write its copies of the user data after the token was removed
// from them, and it would not come back to a machine that was cut off. The unit waits until cloud-init is done, and starts
// at every boot as long as there is a token.
import { bootstrapDirectory, type MachineFile, type Plan } from './plan.ts'

export const tokenFile = `${bootstrapDirectory}/token`
export const bootstrapUnit = 'anbox-bootstrap.service'

/** The program on the machine. */
export const usualProgram = '/usr/local/bin/anbox-pki'

/** The text, in ASCII only: cloud-init would keep anything else in base64. */
export function userData(plan: Plan, token: string, program: string = usualProgram): string {
  const files: MachineFile[] = [
    ...plan.files,
    { path: tokenFile, mode: '0600', content: `${token}\n` },
    { path: `/etc/systemd/system/${bootstrapUnit}`, mode: '0644', content: unit(program) },
  ]
  const commands = [
    ['systemctl', 'daemon-reload'],
    ...(plan.files.some(({ path }) => path.includes('/sshd_config.d/'))
      ? [['systemctl', 'try-reload-or-restart', 'ssh.service']]
      : []),
    ['systemctl', 'enable', bootstrapUnit],
    // It waits for cloud-init, which waits for this command.
    ['systemctl', 'start', '--no-block', bootstrapUnit],
  ]
  return [
    '#cloud-config',
    `# ${plan.settings.machine} enrols with this once. It holds a secret until then.`,
    ...(plan.authorizedKeys.length > 0
      ? ['ssh_authorized_keys:', ...plan.authorizedKeys.map((key) => `  - ${quoted(key)}`)]
      : []),
    'write_files:',
    ...files.flatMap(({ path, mode, content }) => [
      `  - path: ${quoted(path)}`,
      `    permissions: ${quoted(mode)}`,
      ...text('    content', content),
    ]),
    'runcmd:',
    ...commands.map((command) => `  - [${command.map(quoted).join(', ')}]`),
    '',
  ].join('\n')
}

/** `meta-data` of the NoCloud datasource. Another id makes cloud-init take the machine for a new one. */
export function metaData(machine: string, id: string): string {
  const host = machine.toLowerCase().replaceAll('_', '-')
  return `instance-id: ${quoted(`anbox-${machine}-${id}`)}\nlocal-hostname: ${quoted(host)}\n`
}

function unit(program: string): string {
  return `[Unit]
Description=Enrol this machine, then remove the token that it came with
ConditionPathExists=${tokenFile}
After=network-online.target cloud-final.service
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=${program} bootstrap ${bootstrapDirectory} --wait 10m
ExecStartPost=-/bin/systemctl --no-block try-restart anbox-edge.service
Restart=on-failure
RestartSec=15
# Wrong use, or refused: to try again would not help.
RestartPreventExitStatus=2 7
UMask=0077

[Install]
WantedBy=cloud-init.target
`
}

/** As lines where YAML takes them as they are, for people to read; else as one string. */
function text(key: string, content: string): string[] {
  const plain = /^[!-~][\n -~]*[!-~]\n$/.test(content)
  if (!plain) return [`${key}: ${quoted(content)}`]
  return [
    `${key}: |`,
    ...content
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : `      ${line}`)),
  ]
}

/** A JSON string is one of YAML's. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
