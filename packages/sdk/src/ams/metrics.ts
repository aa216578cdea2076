import type { Api, CallOptions } from '../operations/api.ts'
import { type MetricFamily, parseMetrics } from '../operations/prometheus.ts'
import type { Features } from './features.ts'

/** The server's own metrics. */
export class AmsMetrics {
  readonly #api: Api
  readonly #features: Features

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
  }

  /** By name: `(await ams.metrics.get()).get('ams_cluster_instances_total')?.samples`. */
  async get(options?: CallOptions): Promise<Map<string, MetricFamily>> {
    return parseMetrics(await this.text(options))
  }

  /** As the server writes them: Prometheus' text format. */
  async text(options?: CallOptions): Promise<string> {
    const { text } = await this.#features.need('metrics_api_endpoint', options, () =>
      this.#api.text('/1.0/metrics', options),
    )
    return text
  }
}
