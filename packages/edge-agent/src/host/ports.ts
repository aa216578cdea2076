// Ports of the machine through which services of a guest are reached: 10000 to 11000, as in AMS.
import { readFileSync } from 'node:fs'
import { badRequest, notNow } from '../errors.ts'
import type { InstanceRecord, ServicePort } from '../store/records.ts'

const first = 10_000
const last = 11_000

/** A service as asked for: AMS's NetworkServiceSpec. */
export type ServiceSpec = {
  name?: string | null
  port?: number | null
  port_end?: number | null
  protocols?: string[] | null
  expose?: boolean | null
}

/** Gives every service its ports on the machine. @throws ApiError 400, or 503 when none is left. */
export function allocatePorts(
  specs: readonly ServiceSpec[],
  instances: readonly InstanceRecord[],
  busy: ReadonlySet<number> = listeningPorts(),
): ServicePort[] {
  const taken = new Set(busy)
  for (const { services } of instances)
    for (const service of services)
      for (let port = service.nodePort; port <= service.nodePortEnd; port += 1) taken.add(port)
  const names = new Set<string>()
  return specs.map((spec) => {
    const service = parse(spec)
    if (names.has(service.name)) throw badRequest(`services: the name "${service.name}" stands twice`)
    names.add(service.name)
    const nodePort = findRun(taken, service.portEnd - service.port + 1)
    const nodePortEnd = nodePort + service.portEnd - service.port
    for (let port = nodePort; port <= nodePortEnd; port += 1) taken.add(port)
    return { ...service, nodePort, nodePortEnd }
  })
}

function parse(spec: ServiceSpec): Omit<ServicePort, 'nodePort' | 'nodePortEnd'> {
  const name = spec.name ?? ''
  const { port } = spec
  if (!/^[A-Za-z0-9_-]{1,20}$/.test(name))
    throw badRequest(`services: the name ${JSON.stringify(name)} must be 1 to 20 letters, digits, "-" or "_"`)
  if (!port) throw badRequest(`services: "${name}" needs a port from 1 to 65535`)
  const portEnd = spec.port_end || port
  if (portEnd < port) throw badRequest(`services: "${name}" ends at port ${portEnd}, before its first port ${port}`)
  const protocols = spec.protocols?.length ? spec.protocols : ['tcp']
  for (const protocol of protocols)
    if (protocol !== 'tcp' && protocol !== 'udp')
      throw badRequest(`services: "${name}" has the protocol "${protocol}"; tcp and udp are known`)
  return { name, port, portEnd, protocols: [...new Set(protocols)] as ('tcp' | 'udp')[], expose: spec.expose ?? false }
}

function findRun(taken: ReadonlySet<number>, length: number): number {
  let start = first
  for (let port = first; port <= last; port += 1) {
    if (taken.has(port)) start = port + 1
    else if (port - start + 1 === length) return start
  }
  throw notNow(
    `no ${length} free port(s) in a row from ${first} to ${last}: delete instances, or ask for fewer services`,
  )
}

/** Ports somebody on this machine listens on, from the kernel's tables (proc(5)). */
function listeningPorts(): Set<number> {
  const ports = new Set<number>()
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
    let text = ''
    try {
      text = readFileSync(`/proc/net/${table}`, 'utf8')
    } catch {
      continue // No IPv6 on this machine.
    }
    for (const line of text.split('\n').slice(1)) {
      const [, local, , state] = line.trim().split(/\s+/)
      // 0A is LISTEN; udp sockets have no such state.
      if (local && (state === '0A' || table.startsWith('udp')))
        ports.add(Number.parseInt(local.split(':')[1] ?? '', 16))
    }
  }
  return ports
}
