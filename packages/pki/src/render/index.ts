import { type CoturnOptions, renderCoturn } from './coturn.ts'
import { type EtcdOptions, renderEtcd } from './etcd.ts'
import { type LxdOptions, renderLxd } from './lxd.ts'
import { type NatsOptions, renderNats } from './nats.ts'
import type { Rendered } from './rendered.ts'

export type RenderOptions = { nats: NatsOptions; etcd: EtcdOptions; coturn: CoturnOptions; lxd: LxdOptions }
export type Component = keyof RenderOptions
export const components = ['nats', 'etcd', 'coturn', 'lxd'] as const satisfies Component[]

const renderers: { [Name in Component]: (options: RenderOptions[Name]) => Rendered } = {
  nats: renderNats,
  etcd: renderEtcd,
  coturn: renderCoturn,
  lxd: renderLxd,
}

/**
 * Gives the files with which a server runs: TLS 1.3 only, its certificate and key, whom it trusts, its secrets. Writes
 * nothing.
 * @throws {InvalidRequestError} for a value that the configuration cannot hold
 */
export function render<Name extends Component>(component: Name, options: RenderOptions[Name]): Rendered {
  return renderers[component](options)
}
