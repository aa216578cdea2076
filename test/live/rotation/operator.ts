// Somebody at the command line: `anbox-pki rotate …` in processes of its own, which may be killed; and the commands of the
// consumers, which come back to the plant over a socket.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import type { Plant } from './plant.ts'

const cli = join(import.meta.dirname, '../../../packages/pki/src/cli.ts')

export type Announced = { phase: string; consumer: string; need: string }
export type Step = {
  stage: string
  direction: 'forward' | 'back'
  step: number
  ended?: 'finished' | 'aborted'
  next?: string
  announced?: Announced[]
}
export type Applied = { consumer: string; need: string; stage: string; from: number; to: number }

export class Operator implements AsyncDisposable {
  readonly applied: Applied[] = []
  readonly #plant: Plant
  readonly #server: Server
  readonly #working = new Map<string, Promise<void>>()

  private constructor(plant: Plant, folder: string) {
    this.#plant = plant
    this.#server = createServer((request, answer) => {
      const [, consumer = '', need = '', stage = ''] = (request.url ?? '').split('/')
      this.#apply(consumer, need, stage).then(
        () => answer.end(),
        (error: Error) => answer.writeHead(500).end(error.message),
      )
    })
    const socket = join(folder, 'apply.socket')
    this.#server.listen(socket)
    const script = join(folder, 'apply.sh')
    const url = 'http://plant/$ANBOX_PKI_CONSUMER/$ANBOX_PKI_NEED/$ANBOX_PKI_STAGE'
    writeFileSync(script, `exec curl --silent --show-error --fail-with-body --unix-socket ${socket} "${url}"\n`)
    writeFileSync(join(plant.pki, 'consumers.json'), JSON.stringify(plant.consumers(['sh', script])))
  }

  static async start(plant: Plant, folder: string): Promise<Operator> {
    const operator = new Operator(plant, folder)
    await once(operator.#server, 'listening')
    return operator
  }

  /** Whoever asks again after a kill waits for what is going on already. */
  #apply(consumer: string, need: string, stage: string): Promise<void> {
    const before = this.#working.get(consumer) ?? Promise.resolve()
    const work = before.then(async () => {
      const from = Date.now()
      await this.#plant.apply(consumer, need)
      this.applied.push({ consumer, need, stage, from, to: Date.now() })
    })
    this.#working.set(
      consumer,
      work.catch(() => {}),
    )
    return work
  }

  /** Runs `anbox-pki rotate …` to its end. @throws with what it said */
  async rotate(...args: string[]): Promise<Step> {
    const step = await this.try(args)
    if (!step) throw new Error('nobody killed it')
    return step
  }

  /** The same, killed after some milliseconds: then nothing comes back. */
  async try(args: string[], killAfterMs?: number): Promise<Step | undefined> {
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      cli,
      'rotate',
      ...args,
      '--dir',
      this.#plant.pki,
      '--json',
    ])
    let [out, said] = ['', '']
    child.stdout.on('data', (data) => {
      out += data
    })
    child.stderr.on('data', (data) => {
      said += data
    })
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    const [code, signal] = await once(child, 'close')
    clearTimeout(timer)
    if (signal === 'SIGKILL') return undefined
    if (code !== 0) throw new Error(`anbox-pki rotate ${args.join(' ')}: exit ${code}\n${out}${said}`)
    return JSON.parse(out)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#working.values())
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
