import { path } from '../connection/path.ts'
import type { Api, CallOptions, Page } from '../operations/api.ts'
import type { Exec, InteractiveExec } from '../operations/exec.ts'
import type { Operation } from '../operations/operation.ts'
import type { RunResult } from '../operations/run.ts'
import { parseAmount, withAmounts } from './amounts.ts'
import { type AmsExecOptions, type AmsRunOptions, type AmsTerminalOptions, Commands } from './commands.ts'
import type { Features } from './features.ts'
import type { AmsChangeOptions, AmsInstanceFilter } from './instances.ts'
import { AmsLogs } from './logs.ts'
import { entitled, type GetOptions, listQuery } from './query.ts'
import type { Container, ContainerPatch, ContainersPost } from './types.ts'

/** Each narrows the list further. */
export type AmsContainerFilter = Omit<AmsInstanceFilter, 'base' | 'type'> & { type?: 'base' | 'regular' }

/**
 * What AMS called instances before it had virtual machines; deprecated since 1.20. `AmsInstances` comes here by itself
 * where a server has nothing else.
 */
export class AmsContainers {
  readonly #api: Api
  readonly #features: Features
  readonly #commands: Commands
  readonly logs: AmsLogs

  constructor(api: Api, features: Features) {
    this.#api = api
    this.#features = features
    this.#commands = new Commands(api, features, 'containers')
    this.logs = new AmsLogs(api, features, 'containers')
  }

  async list(filter?: AmsContainerFilter, options?: CallOptions): Promise<Container[]> {
    return (await this.page(filter, options)).items
  }

  /** As `list`, and how many there are in all, whatever `limit` says. */
  page(filter: AmsContainerFilter = {}, options?: CallOptions): Promise<Page<Container>> {
    return this.#api.getPage('/1.0/containers', listQuery(filter), options)
  }

  /** Throws `NotFoundError`. */
  get(id: string, { entitlements, ...options }: GetOptions = {}): Promise<Container> {
    return this.#api.get(path`/1.0/containers/${id}`, entitled(entitlements), options)
  }

  /** `operation.resource('containers')` is its id. */
  launch(body: ContainersPost, { noWait, ...options }: AmsChangeOptions = {}): Promise<Operation> {
    return this.#api.start('POST', '/1.0/containers', {
      body: withAmounts(body, ['memory', 'disk_size'], parseAmount),
      query: { no_wait: noWait },
      ...options,
    })
  }

  update(id: string, body: ContainerPatch, { noWait, ...options }: AmsChangeOptions = {}): Promise<Operation> {
    return this.#api.start('PATCH', path`/1.0/containers/${id}`, { body, query: { no_wait: noWait }, ...options })
  }

  delete(id: string, { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#api.start('DELETE', path`/1.0/containers/${id}`, { body: { force }, ...options })
  }

  /** In one operation, which stops at the first that cannot be deleted. */
  deleteMany(ids: string[], { force = false, ...options }: CallOptions & { force?: boolean } = {}): Promise<Operation> {
    return this.#features.need('bulk_delete.containers', options, () =>
      this.#api.start('DELETE', '/1.0/containers', { body: { ids, force }, ...options }),
    )
  }

  /** Starts a command. Read or destroy both outputs; aborting `signal` kills it. */
  exec(id: string, options: AmsExecOptions): Promise<Exec> {
    return this.#commands.exec(id, options)
  }

  /** Starts a command in a terminal. */
  execInteractive(id: string, options: AmsTerminalOptions): Promise<InteractiveExec> {
    return this.#commands.execInteractive(id, options)
  }

  /** Runs a command to its end and keeps what it writes. Throws `OutputLimitError` beyond `limit`. */
  run(id: string, command: string[], options?: AmsRunOptions): Promise<RunResult> {
    return this.#commands.run(id, command, options)
  }
}
