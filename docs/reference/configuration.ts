// Makes configuration.md from the agent's own list of keys.
import { hostname } from 'node:os'
import { environmentName } from '../../packages/edge-agent/src/config.ts'
import { keys } from '../../packages/edge-agent/src/config-keys.ts'

const kinds = {
  text: '',
  port: '; a whole number from 0 to 65535',
  seconds: '; a whole number from 1 to 86400',
  list: '; a list',
  level: '; one of these words',
  minutes: '; a whole number from 1 to 10080',
  days: '; a whole number from 1 to 365',
  count: '; a whole number from 0 to 1000',
}

export function configurationPage(): string {
  return `# Configuration of the agent

<!-- Made by \`npm run generate\`; do not edit. -->

\`anbox-edge run --config FILE\` reads a YAML file, then the environment, then its flags; the last one wins. An unknown key in the
file, a value of the wrong kind, or a file that is not there ends the agent with exit code 78 and the keys that are wrong.
\`anbox-edge check --config FILE\` prints the whole configuration and starts nothing.

The key \`api.port\` is \`port\` below \`api\` in the file, \`ANBOX_EDGE_API_PORT\` in the environment, and \`--api.port\` as a flag. In
the environment and in flags, the items of a list are separated by commas. A path that is not absolute begins in the
folder the agent is started in.

| key | environment variable | default | what it is |
| --- | --- | --- | --- |
${keys.map(row).join('\n')}
`
}

function row({ path, kind, about, default: preset }: (typeof keys)[number]): string {
  return `| \`${path}\` | \`${environmentName(path)}\` | ${shown(path, preset)} | ${about}${kinds[kind]} |`
}

function shown(path: string, preset: unknown): string {
  if (path === 'node.name' && preset === hostname()) return "the machine's host name"
  if (preset === undefined) return ''
  if (preset === '' || (Array.isArray(preset) && preset.length === 0)) return 'none'
  return Array.isArray(preset) ? `\`[${preset.join(', ')}]\`` : `\`${preset}\``
}
