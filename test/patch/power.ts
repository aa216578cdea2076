// The power cut for an agent with a private LXD: both are killed the moment that the agent's log says what it is waited for.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { startPrivateLxd } from '../../scripts/lxd/index.ts'
import { type Edge, until } from '../live/edge.ts'
import { told } from '../live/patches.ts'

export class Power {
  readonly #edge: Edge
  /** Of the private LXD. */
  readonly #directory: string

  constructor(edge: Edge, directory: string) {
    this.#edge = edge
    this.#directory = directory
  }

  /** To be called before the patch is let in. Cuts when it enters the state, and is done when all is back. */
  async cutAt(patch: string, state: string): Promise<void> {
    const edge = this.#edge
    const line = `"patch":"${patch}","state":"${state}"`
    const from = readFileSync(edge.path('agent.log')).length
    while (!readFileSync(edge.path('agent.log')).subarray(from).includes(line)) await sleep(3)
    const { environment } = await edge.lxd.server.get()
    await edge.kill('SIGKILL')
    process.kill(environment?.server_pid ?? 0, 'SIGKILL')
    await startPrivateLxd({ directory: this.#directory })
    await edge.run()
  }

  /** Waits until so many patches have ended. An agent that is away is waited for. */
  async ended(count: number): Promise<void> {
    await until(async () => (await told(this.#edge).catch(() => undefined))?.ended.length === count)
  }
}
