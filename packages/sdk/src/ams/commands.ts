// Commands in instances; in containers, their older name, they are the same.
import { path } from '../connection/path.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { type Exec, type ExecInput, exec, execInteractive, type InteractiveExec } from '../operations/exec.ts'
import { collect, type RunResult } from '../operations/run.ts'
import type { Features } from './features.ts'

type Command = {
  command: string[]
  environment?: Record<string, string>
}
export type AmsExecOptions = CallOptions & Command & { stdin?: ExecInput }
/** The size is in characters. */
export type AmsTerminalOptions = CallOptions & Command & { width?: number; height?: number }
export type AmsRunOptions = Omit<AmsExecOptions, 'command'> & {
  /** Bytes of each output; 1 MiB unless said. */
  limit?: number
}

export class Commands {
  readonly #api: Api
  readonly #features: Features
  readonly #kind: 'instances' | 'containers'
  readonly #feature: string

  constructor(api: Api, features: Features, kind: 'instances' | 'containers') {
    this.#api = api
    this.#features = features
    this.#kind = kind
    this.#feature = kind === 'instances' ? 'instance_exec' : 'container_exec'
  }

  exec(id: string, { command, environment, stdin, ...options }: AmsExecOptions): Promise<Exec> {
    return this.#need(options, () => exec(this.#api, this.#path(id), { command, environment }, { stdin, ...options }))
  }

  execInteractive(
    id: string,
    { command, environment, width, height, ...options }: AmsTerminalOptions,
  ): Promise<InteractiveExec> {
    return this.#need(options, () =>
      execInteractive(this.#api, this.#path(id), { command, environment, width, height }, options),
    )
  }

  run(id: string, command: string[], { limit, signal, ...options }: AmsRunOptions = {}): Promise<RunResult> {
    const start = (signal: AbortSignal) => this.exec(id, { stdin: '', ...options, command, signal })
    return collect(start, signal, limit)
  }

  #need<T>(options: CallOptions, call: () => Promise<T>): Promise<T> {
    return this.#features.need(this.#feature, options, call)
  }

  #path(id: string): string {
    return path`/1.0/${this.#kind}/${id}/exec`
  }
}
