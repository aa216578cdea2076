// Prometheus metrics under the names that Anbox publishes for AMS, where this agent knows the number at first hand: sizes
// of requests and answers it does not, since uploads and files come and go in chunks.

import { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { reserved } from '../host/capacity.ts'
import type { InstanceRecord } from '../store/records.ts'
import { statusOf } from './render/instance.ts'
import type { Services } from './services.ts'

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const bootSeconds = [0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300]

export class Metrics {
  readonly #registry = new Registry()
  readonly #services: Services
  readonly #inFlight = this.#gauge('ams_http_in_flight_requests', 'Requests being answered now')
  readonly #requests = new Counter({
    name: 'ams_http_requests_total',
    help: 'Requests that were answered',
    labelNames: ['handler', 'method', 'code'],
    registers: [this.#registry],
  })
  readonly #duration = this.#histogram(
    'ams_http_request_duration_seconds',
    'Time from a request to the end of its answer',
    seconds,
  )

  constructor(services: Services) {
    this.#services = services
    const boot = new Histogram({
      name: 'ams_cluster_instance_boot_time_seconds',
      help: 'Time from the start of an instance to its passed boot check, since the agent started',
      buckets: bootSeconds,
      registers: [this.#registry],
    })
    services.instances.onRunning(({ bootMilliseconds = 0 }) => boot.observe(bootMilliseconds / 1000))
    this.#cluster()
  }

  /** Counts every request of this server. */
  watch(app: FastifyInstance): void {
    app.addHook('onRequest', async (_request) => {
      this.#inFlight.inc()
    })
    app.addHook('onResponse', async (request, reply) => {
      this.#inFlight.dec()
      const labels = { handler: handlerOf(request), method: request.method.toLowerCase() }
      this.#requests.inc({ ...labels, code: String(reply.statusCode) })
      this.#duration.observe(labels, reply.elapsedTime / 1000)
    })
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #cluster(): void {
    const { instances, applications, machine, node, config } = this.#services
    const name = config.node.name
    this.#gauge('ams_cluster_nodes_total', 'Nodes', () => 1)
    this.#gauge('ams_cluster_applications_total', 'Applications', () => applications.list().length)
    this.#gauge('ams_cluster_instances_total', 'Instances', () => instances.list().length)
    const ceiling = () => machine.facts && node.ceiling(machine.facts)
    const used = () => reserved(instances.all())
    for (const [metric, help, value] of [
      ['ams_cluster_available_cpu_total', 'CPUs of the node', () => ceiling()?.cpus ?? 0],
      ['ams_cluster_used_cpu_total', 'CPUs that instances have reserved', () => used().cpus],
      ['ams_cluster_available_memory_total', 'Bytes of memory of the node', () => ceiling()?.memory ?? 0],
      ['ams_cluster_used_memory_total', 'Bytes of memory that instances have reserved', () => used().memory],
      ['ams_cluster_instances_per_node_total', 'Instances of the node', () => instances.list().length],
    ] as const)
      this.#perLabel(metric, help, 'node', () => ({ [name]: value() }))
    this.#perLabel('ams_cluster_instances_per_status_total', 'Instances by status', 'status', () =>
      counts(instances.list(), (instance) => statusOf(instance)),
    )
    this.#perLabel('ams_cluster_instances_per_application_total', 'Instances by application', 'application', () =>
      counts(instances.list(), ({ application }) => application?.id),
    )
  }

  #gauge(name: string, help: string, value?: () => number): Gauge {
    return new Gauge({
      name,
      help,
      registers: [this.#registry],
      ...(value && {
        collect() {
          this.set(value())
        },
      }),
    })
  }

  #perLabel(name: string, help: string, label: string, values: () => Record<string, number>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const [key, value] of Object.entries(values())) this.set({ [label]: key }, value)
      },
    })
  }

  #histogram(name: string, help: string, buckets: number[]) {
    return new Histogram({ name, help, buckets, labelNames: ['handler', 'method'], registers: [this.#registry] })
  }
}

function counts(records: readonly InstanceRecord[], key: (record: InstanceRecord) => string | undefined) {
  const found: Record<string, number> = {}
  for (const record of records) {
    const name = key(record)
    if (name !== undefined) found[name] = (found[name] ?? 0) + 1
  }
  return found
}

/** AMS's labels: the transport, the object and the method, such as `unix_instance_exec_POST`. */
function handlerOf({ raw, routeOptions, method }: FastifyRequest): string {
  const transport = raw.socket instanceof TLSSocket ? 'https' : 'unix'
  return `${transport}_${routeOptions.url === undefined ? 'unknown' : objectOf(routeOptions.url)}_${method}`
}

export function objectOf(route: string): string {
  const parts = route.split('/').filter(Boolean).slice(1)
  if (parts.length === 0) return 'service'
  const names = parts.flatMap((part, index) => {
    if (part === '*') return []
    if (part.startsWith(':')) return parts[index - 1]?.startsWith(':') ? ['version'] : []
    return [parts[index + 1]?.startsWith(':') ? part.replace(/ies$/, 'y').replace(/s$/, '') : part]
  })
  return names.join('_')
}
