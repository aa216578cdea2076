// `anbox-edge doctor`: looks for what keeps the agent from its work, and says what to do about it.
import { X509Certificate } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type AmsClient, LxdClient } from '@anbox/sdk'
import type { Config } from '../config.ts'
import { otherProjects } from '../host/projects.ts'
import { readPatches } from './patch.ts'

export type Finding = { check: string; verdict: 'ok' | 'warning' | 'failed'; what: string }
const day = 24 * 3600_000
/** Below this part of a disk is warned about, and below this failed. */
const [scarce, none] = [0.1, 0.02]

export async function examine(config: Config, ams: AmsClient): Promise<Finding[]> {
  const checks: [string, () => Promise<string | Omit<Finding, 'check'>> | string | Omit<Finding, 'check'>][] = [
    ['agent', async () => `it answers on ${config.api.socket}, version ${await ams.service.version()}`],
    ['LXD', () => lxd(config)],
    ['project', () => project(config)],
    ['node', () => node(ams)],
    ['default image', () => defaultImage(ams)],
    ['failed', () => failed(ams)],
    ['bootstraps', () => bootstraps(ams)],
    ['user numbers', () => userNumbers(ams)],
    ['patches', () => patches(ams)],
    ['state disk', () => disk(config.stateDirectory)],
    ['bzip2', () => program('bzip2', 'packages of applications and addons cannot be read without it')],
    ...[config.api.certificate, ...config.api.trustedCertificates]
      .filter(Boolean)
      .map((path): [string, () => string | Omit<Finding, 'check'>] => [path, () => certificate(path)]),
  ]
  const findings: Finding[] = []
  for (const [check, look] of checks) {
    try {
      const found = await look()
      findings.push({ check, ...(typeof found === 'string' ? { verdict: 'ok', what: found } : found) })
    } catch (error) {
      findings.push({ check, verdict: 'failed', what: (error as Error).message })
    }
  }
  return findings
}

export const findingsText = (findings: readonly Finding[]) =>
  findings.map(({ verdict, check, what }) => `${verdict.padEnd(7)} ${check}: ${what}\n`).join('')

async function lxd({ lxd: { socket } }: Config): Promise<string> {
  await using client = new LxdClient({ socketPath: socket, retries: 0 })
  const { environment } = await client.server.get()
  return `${environment?.server_version} answers on ${socket}`
}

async function project({ lxd: { socket, project: name } }: Config) {
  await using client = new LxdClient({ socketPath: socket, retries: 0 })
  const names = [name, ...(await otherProjects(client, name))]
  for (const one of names)
    if ((await client.projects.get(one)).config?.restricted !== 'true')
      return { verdict: 'failed' as const, what: `"${one}" is not restricted: restart the agent, which restricts it` }
  return names.length === 1 ? `"${name}" is restricted` : `${names.join(', ')} are restricted`
}

async function node(ams: AmsClient) {
  const [found] = await ams.nodes.list()
  if (found?.status !== 'online') return { verdict: 'failed' as const, what: `it is ${found?.status ?? 'not there'}` }
  if (found.unschedulable)
    return { verdict: 'warning' as const, what: 'it is unschedulable: nothing is launched until that is taken back' }
  return 'it is online'
}

async function defaultImage(ams: AmsClient) {
  const images = await ams.images.list()
  const found = images.find((image) => image.default)
  return found ? `"${found.name}"` : { verdict: 'warning' as const, what: 'there is none: upload one' }
}

async function failed(ams: AmsClient) {
  const instances = await ams.instances.list({ status: 'error' })
  if (instances.length === 0) return 'no instance is in error'
  const what = instances.slice(0, 5).map(({ name, error_message: message }) => `${name}: ${message}`)
  return {
    verdict: 'warning' as const,
    what: `${instances.length} in error; anbox-edge logs NAME shows why. ${what.join('; ')}`,
  }
}

async function bootstraps(ams: AmsClient) {
  const images = new Set((await ams.images.list()).map(({ id }) => id))
  const bad = (await ams.applications.list()).flatMap(({ name, versions = [], parent_image_id: image = '' }) => {
    const last = versions.at(-1)
    if (!images.has(image)) return [`${name}: its image is gone, so no version follows: give it another one`]
    return last?.status === 'error' ? [`${name}@${last.number}: ${last.error_message}`] : []
  })
  return bad.length === 0
    ? 'the newest version of every application is good'
    : { verdict: 'warning' as const, what: bad.join('; ') }
}

/** Each Android system has 65,536 of them to itself. Debian's LXD comes with enough for 152. */
async function userNumbers(ams: AmsClient) {
  const perGuest = 65_536
  const line = existsSync('/etc/subuid') ? /^root:\d+:(\d+)/m.exec(readFileSync('/etc/subuid', 'utf8')) : undefined
  if (!line) return 'LXD chooses them: root has no line in /etc/subuid'
  const most = Math.floor(Number(line[1]) / perGuest)
  const { length: used } = await ams.instances.list()
  const what = `/etc/subuid has enough for ${most} Android systems; ${used} are there`
  if (used < most * 0.9) return what
  return {
    verdict: 'warning' as const,
    what: `${what}: give root more in /etc/subuid and /etc/subgid, and restart LXD`,
  }
}

async function patches(ams: AmsClient) {
  const { patches: pending, problems, ended } = await readPatches(ams)
  const overdue = pending.filter(({ deadline }) => Date.parse(deadline) < Date.now())
  const bad = ended.filter(({ outcome }) => outcome === 'reverted').length
  const says = [
    ...Object.entries(problems).map(([kind, problem]) => `${kind}: ${problem}`),
    ...overdue.map(({ id, last_error: error }) => `${id} has waited too long${error && `: ${error}`}`),
  ]
  if (says.length > 0) return { verdict: 'warning' as const, what: says.join('; ') }
  return `${pending.length} pending, ${bad} taken back; anbox-edge patch shows them`
}

function disk(directory: string) {
  const { bavail, blocks, bsize } = statfsSync(directory)
  const part = bavail / blocks
  const what = `${Math.floor((bavail * bsize) / 2 ** 20)} MiB free (${Math.floor(part * 100)}%) in ${directory}`
  if (part < none) return { verdict: 'failed' as const, what }
  return part < scarce ? { verdict: 'warning' as const, what } : what
}

function program(name: string, otherwise: string) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name)
    if (!existsSync(path)) continue
    accessSync(path, constants.X_OK)
    return path
  }
  return { verdict: 'failed' as const, what: `not installed: ${otherwise}` }
}

function certificate(path: string) {
  const { validTo, validToDate } = new X509Certificate(readFileSync(path))
  const left = Math.floor((validToDate.getTime() - Date.now()) / day)
  if (left < 0) return { verdict: 'failed' as const, what: `it ended on ${validTo}` }
  return left < 14 ? { verdict: 'warning' as const, what: `it ends in ${left} days` } : `it is valid for ${left} days`
}
