// Makes ams-api.md by asking: every operation of the contract is called at a real agent, by a client that it trusts. The
// agent gets a state of its own and no LXD, which changes nothing about what it serves and what it refuses.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, startAgent } from '@anbox/edge-agent'
import { AmsClient, AnboxError, type Method } from '@anbox/sdk'
import { parse } from 'yaml'
import { makeLog } from '../../packages/edge-agent/src/system/log.ts'
import { type Asked, probes, refusals, remarks } from './ams-refusals.ts'

type Call = { id: string; method: Method; path: string; tag: string; summary: string; websocket: boolean }
type Contract = {
  tags: { name: string }[]
  paths: Record<string, Record<string, { operationId: string; summary: string; tags: string[] } | undefined>>
}

/** Stands for every name in a path. Nothing is called so but the node. */
const anyName = 'nothing'
const document = join(import.meta.dirname, '../../packages/sdk/contracts/ams.yaml')
const contract = parse(readFileSync(document, 'utf8')) as Contract

const calls: Call[] = Object.entries(contract.paths).flatMap(([path, item]) =>
  (['get', 'put', 'post', 'patch', 'delete'] as const).flatMap((method) => {
    const { operationId: id, summary, tags: [tag = ''] = [] } = item[method] ?? { operationId: '', summary: '' }
    const websocket = /\/(events|websocket)$/.test(path)
    return id ? [{ id, method: method.toUpperCase() as Method, path, tag, summary, websocket }] : []
  }),
)

export async function amsApiPage(): Promise<string> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'ams-api-'))
  const config = loadConfig({
    flags: { stateDirectory, 'lxd.socket': join(stateDirectory, 'no-lxd'), 'node.name': anyName },
  })
  const agent = await startAgent(config, makeLog('silent'))
  try {
    await using ams = new AmsClient({ socketPath: config.api.socket })
    const served = new Set<string>()
    for (const call of calls) if ((await statusOf(ams, call, probes[call.id])) !== 501) served.add(call.id)
    for (const [id, list] of Object.entries(refusals))
      for (const { what, ...asked } of list) await mustRefuse(ams, id, what, asked)
    const { api_extensions: extensions } = await ams.service.get()
    return page(served, extensions, Object.keys(await ams.config.get()))
  } finally {
    await agent.stop()
    rmSync(stateDirectory, { recursive: true, force: true })
  }
}

/** The status of a request about things that do not exist. Throws where the agent does not know the path. */
async function statusOf(ams: AmsClient, call: Call, { body = {}, upload, headers }: Asked = {}): Promise<number> {
  const path = call.path.replaceAll(/\{\w+\}/g, anyName)
  const content = call.method === 'GET' ? {} : upload ? { stream: upload } : { body }
  try {
    if (call.websocket) (await ams.connection.socket(path)).terminate()
    else await ams.connection.request(call.method, path, { ...content, headers })
    return 200
  } catch (error) {
    if (!(error instanceof AnboxError) || error.status === undefined || error.status === 500) throw error
    if (error.server?.includes('is not a call of this API')) throw new Error(`the agent does not know ${call.id}`)
    return error.status
  }
}

async function mustRefuse(ams: AmsClient, id: string, what: string, asked: Asked): Promise<void> {
  const call = calls.find((call) => call.id === id)
  if (!call) throw new Error(`the contract has no ${id}`)
  const status = await statusOf(ams, call, asked)
  if (status !== 501) throw new Error(`${id}: ${what} was answered ${status}, and ams-refusals.ts says 501`)
}

function page(served: Set<string>, extensions: string[], items: string[]): string {
  const partly = calls.filter(({ id }) => served.has(id) && refusals[id])
  return `# The AMS API as the agent serves it

<!-- Made by \`npm run generate\` from the agent's answers; do not edit. -->

AMS's API has ${calls.length} operations. The agent serves ${served.size} of them, ${partly.length} of these in part, and refuses ${calls.length - served.size} with status
501 and the feature's name. What it accepts and does nothing with is named. Requests are checked against the contract
\`packages/sdk/contracts/ams.yaml\`.

- \`api_extensions\`: ${extensions.map((name) => `\`${name}\``).join(', ')}
- configuration items: ${items.map((name) => `\`${name}\``).join(', ')}
- fields of the agent's own: \`edge.boot_milliseconds\` of an instance, \`edge.instances\` of an image, \`edge.status_message\`
  and \`edge.reserved\` of the node
${contract.tags.map(({ name }) => section(name, served)).join('')}`
}

function section(tag: string, served: Set<string>): string {
  const rows = calls.filter((call) => call.tag === tag)
  if (rows.every(({ id }) => !served.has(id)))
    return `\n## ${tag}\n\nRefused whole: ${rows.map(({ method, path }) => `\`${method} ${path}\``).join(', ')}.\n`
  const notes = rows.filter(({ id }) => served.has(id)).flatMap(note)
  return `
## ${tag}

| request | what it does | served |
| --- | --- | --- |
${rows.map((call) => `| \`${call.method} ${call.path}\` | ${call.summary} | ${verdict(call.id, served)} |`).join('\n')}
${notes.length > 0 ? `\n${notes.join('\n')}\n` : ''}`
}

function verdict(id: string, served: Set<string>): string {
  if (!served.has(id)) return 'refused'
  return refusals[id] ? 'in part' : 'yes'
}

function note({ id, method, path }: Call): string[] {
  const without = refusals[id]?.map(({ what }) => what).join(', ')
  const text = [without && `without ${without}`, remarks[id]].filter(Boolean).join('; ')
  return text ? [`- \`${method} ${path}\`: ${text}`] : []
}
