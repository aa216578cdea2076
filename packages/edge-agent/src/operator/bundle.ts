// `anbox-edge support-bundle`: what somebody who helps needs to see, in one file, and no secret in it.
//
// Only what is listed here goes in. User data, trust passwords, keys, tokens, the secrets of exec sockets and commands are
// never asked for; the configuration names files and holds nothing that is secret.
import { createWriteStream } from 'node:fs'
import { arch, cpus, freemem, loadavg, release, totalmem, uptime } from 'node:os'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type AmsClient, LxdClient } from '@anbox/sdk'
import { pack } from 'tar-stream'
import type { Config } from '../config.ts'
import { otherProjects } from '../host/projects.ts'
import { examine, findingsText } from './doctor.ts'

/** Writes a gzipped tarball, readable by its owner alone. What cannot be had is told in its place. */
export async function writeBundle(path: string, config: Config, ams: AmsClient): Promise<string[]> {
  const parts: Record<string, () => Promise<unknown>> = {
    'config.json': async () => config,
    'machine.json': async () => ({
      arch: arch(),
      cpus: cpus().length,
      kernel: release(),
      load: loadavg(),
      memory: { free: freemem(), total: totalmem() },
      node: process.version,
      uptime: uptime(),
    }),
    'doctor.txt': async () => findingsText(await examine(config, ams)),
    'service.json': () => ams.service.get(),
    'nodes.json': () => ams.nodes.list(),
    'instances.json': () => ams.instances.list(),
    'applications.json': () => ams.applications.list(),
    'images.json': () => ams.images.list(),
    'addons.json': () => ams.addons.list(),
    'tasks.json': () => ams.tasks.list(),
    'settings.json': () => ams.config.get(),
    'operations.json': async () =>
      (await ams.operations.list()).map(({ id, description, status, err }) => ({ id, description, status, err })),
    'metrics.txt': () => ams.metrics.text(),
    'lxd.json': () => lxdFacts(config),
  }
  for (const { id, name, stored_logs: logs = [] } of await ams.instances.list({ status: 'error' }).catch(() => []))
    for (const log of logs) parts[`logs/${name}-${log}`] = () => readLog(ams, id, log)
  const out = pack()
  const written = pipeline(out, createGzip(), createWriteStream(path, { mode: 0o600 }))
  for (const [name, read] of Object.entries(parts)) {
    const content = await read().catch((error: Error) => `not to be had: ${error.message}\n`)
    out.entry({ name, mode: 0o600 }, typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`)
  }
  out.finalize()
  await written
  return Object.keys(parts)
}

async function lxdFacts({ lxd: { socket, project } }: Config) {
  await using root = new LxdClient({ socketPath: socket, retries: 0 })
  const { environment, api_extensions: extensions } = await root.server.get()
  const { certificate: _certificate, ...facts } = environment ?? {}
  const projects = []
  for (const name of [project, ...(await otherProjects(root, project))]) {
    const found = await root.project(name).instances.list()
    const instances = found.map(({ name, status, created_at: created }) => ({ name, status, created }))
    projects.push({ project: await root.projects.get(name), instances })
  }
  return { facts, extensions, projects }
}

async function readLog(ams: AmsClient, id: string, name: string): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of (await ams.instances.logs.get(id, name)) as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
