// Makes errors.md from the SDK's own table.
import { codes } from '@anbox/sdk'
import { errorForStatus } from '../../packages/sdk/src/errors.ts'

/** What the agent means by each status. */
const agent: [status: number, when: string][] = [
  [400, 'the request does not fit the contract, or makes no sense now'],
  [401, 'no client certificate, or one that is not trusted'],
  [403, 'a protected instance, a wrong trust password, a wrong secret'],
  [404, 'the thing, or the path, does not exist'],
  [409, 'the name is taken, or the instance is being deleted'],
  [412, 'never; LXD does'],
  [413, 'a JSON body of more than 1 MiB'],
  [500, 'LXD failed, or the agent did: its log says more'],
  [501, '[what it does not serve](ams-api.md)'],
  [503, 'the machine is full, or LXD does not answer'],
]

export function errorsPage(): string {
  return `# Errors

<!-- Made by \`npm run generate\`; do not edit. -->

Every failure that a caller of \`@anbox/sdk\` can act on is an \`AnboxError\`. Its class says what can be done, and its \`code\` is stable
and may be compared; messages may change. \`status\`, \`method\`, \`path\` and \`server\`, the server's own words, are there where there
was an answer. No error holds a key, a password, a token, or the query of a URL.

When a signal aborts a call, what it throws is the signal's \`reason\`. A \`deadline\` that passes is a \`TimeoutError\`.

## Codes

| code | class | HTTP | meaning | what to do |
| --- | --- | --- | --- | --- |
${Object.entries(codes).map(row).join('\n')}

\`ServerIdentityError\` is an \`UnavailableError\` too. Other statuses from 400 to 499 are \`invalid-request\`, the rest \`server-error\`.

## What the agent answers

The body is AMS's: \`{"type":"error","error":"…","error_code":404,"metadata":{}}\`.

| status | code | when |
| --- | --- | --- |
${agent.map(([status, when]) => `| ${status} | \`${errorForStatus(status, '', { method: 'GET', path: '/' }).code}\` | ${when} |`).join('\n')}
`
}

function row([code, { error, statuses, meaning, advice }]: [string, (typeof codes)[keyof typeof codes]]): string {
  return `| \`${code}\` | \`${error}\` | ${statuses.join(', ')} | ${meaning} | ${advice} |`
}
