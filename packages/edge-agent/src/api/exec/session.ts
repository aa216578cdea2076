// One exec: the client's sockets on one side, LXD's exec on the other, and the operation that ends with the exit code.
//
// LXD is asked only once the client's required sockets are here, because LXD waits no longer than 10 s for ours.
import { randomBytes } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import type { LxdClient } from '@anbox/sdk'
import type { WebSocket } from 'ws'
import { forbidden, notFound } from '../../errors.ts'
import type { Operations } from '../../operations/operations.ts'
import type { OperationRecord } from '../../store/records.ts'
import { fromClient, toClient } from './streams.ts'

export type ExecRequest = {
  command: string[]
  environment?: Record<string, string> | null
  interactive?: boolean | null
  width?: number | null
  height?: number | null
}
type Target = { id: string; lxdName: string }
type Running = { signal(number: number): void; resize?(width: number, height: number): void }

/** Milliseconds that a client has to connect its sockets. */
const patience = 10_000

export class ExecSession {
  readonly operation: OperationRecord
  readonly #lxd: LxdClient
  readonly #target: Target
  readonly #request: ExecRequest
  readonly #operations: Operations
  readonly #secrets: Map<string, string>
  readonly #clients = new Map<string, WebSocket>()
  readonly #timer: NodeJS.Timeout
  readonly #stop = new AbortController()
  readonly #ended: (id: string) => void
  #running: Promise<Running> | undefined

  constructor(
    lxd: LxdClient,
    target: Target,
    request: ExecRequest,
    operations: Operations,
    ended: (id: string) => void,
  ) {
    this.#lxd = lxd
    this.#target = target
    this.#request = request
    this.#operations = operations
    this.#ended = ended
    const fds = [...this.#required, 'control']
    this.#secrets = new Map(fds.map((fd) => [fd, randomBytes(32).toString('hex')]))
    this.operation = operations.create({
      class: 'websocket',
      description: 'Executing command',
      resources: { instances: [`/1.0/instances/${target.id}`] },
      mayCancel: true,
      metadata: {
        command: request.command,
        interactive: request.interactive ?? false,
        fds: Object.fromEntries(this.#secrets),
      },
    })
    operations.onCancel(this.operation.id, () => this.#end(() => operations.fail(this.operation.id, 'cancelled')))
    this.#timer = setTimeout(
      () => this.#fail(new Error(`the client did not connect its sockets within ${patience / 1000} s`)),
      patience,
    )
  }

  get #required(): string[] {
    return this.#request.interactive ? ['0'] : ['0', '1', '2']
  }

  /** @throws ApiError 403 for a secret of none of the sockets, or of one that is connected. */
  fdOf(secret: string): string {
    for (const [fd, known] of this.#secrets) if (known === secret && !this.#clients.has(fd)) return fd
    throw forbidden('the secret of the websocket is wrong or was used already')
  }

  connect(secret: string, socket: WebSocket): void {
    const fd = this.fdOf(secret)
    socket.pause()
    socket.on('error', () => socket.terminate())
    this.#clients.set(fd, socket)
    if (fd === 'control') this.#takeControl(socket)
    if (this.#running || !this.#required.every((name) => this.#clients.has(name))) return
    clearTimeout(this.#timer)
    this.#running = this.#request.interactive ? this.#runTerminal() : this.#runSplit()
    this.#running.catch((error) => this.#fail(error))
  }

  async #runSplit(): Promise<Running> {
    const { command, environment } = this.#request
    const running = await this.#lxd.instances.exec(this.#target.lxdName, {
      command,
      environment: environment ?? {},
      signal: this.#stop.signal,
    })
    fromClient(this.#client('0'), running.stdin)
    const outputs = [
      pipeline(running.stdout, toClient(this.#client('1'))),
      pipeline(running.stderr, toClient(this.#client('2'))),
    ]
    this.#stopWhenAlone(['1', '2'])
    this.#finish(running.done, outputs)
    return running
  }

  async #runTerminal(): Promise<Running> {
    const { command, environment, width, height } = this.#request
    const size = { width: width || 80, height: height || 24 }
    const running = await this.#lxd.instances.execInteractive(this.#target.lxdName, {
      command,
      environment: environment ?? {},
      ...size,
      signal: this.#stop.signal,
    })
    fromClient(this.#client('0'), running.terminal)
    this.#stopWhenAlone(['0'])
    this.#finish(running.done, [pipeline(running.terminal, toClient(this.#client('0')))])
    return running
  }

  #finish(done: Promise<{ exitCode: number }>, outputs: Promise<void>[]): void {
    Promise.all([done, ...outputs]).then(
      ([{ exitCode }]) => this.#end(() => this.#operations.succeed(this.operation.id, { return: exitCode })),
      (error) => this.#fail(error),
    )
  }

  #client(fd: string): WebSocket {
    const socket = this.#clients.get(fd)
    if (!socket) throw new Error(`socket ${fd} is not connected`)
    return socket
  }

  /** Whoever opened the control socket holds the command by it, as in LXD. */
  #takeControl(socket: WebSocket): void {
    socket.on('message', async (data) => {
      const message = parseControl(String(data))
      const running = await this.#running?.catch(() => undefined)
      if (message.signal) running?.signal(message.signal)
      if (message.width && message.height) running?.resize?.(message.width, message.height)
    })
    socket.on('close', () => this.#stop.abort(new Error('the client closed the control socket')))
    socket.resume()
  }

  /** Nobody reads any more: the command is ended. */
  #stopWhenAlone(outputs: string[]): void {
    for (const fd of outputs) {
      this.#client(fd).on('close', () => {
        if (outputs.every((name) => this.#client(name).readyState !== 1))
          this.#stop.abort(new Error('the client went away'))
      })
    }
  }

  #fail(error: Error): void {
    this.#end(() => this.#operations.fail(this.operation.id, error.message))
  }

  #end(tell: () => void): void {
    clearTimeout(this.#timer)
    tell()
    this.#stop.abort(new Error('the exec has ended'))
    for (const socket of this.#clients.values()) {
      socket.resume()
      socket.close()
    }
    this.#ended(this.operation.id)
  }
}

/** LXD's control messages; sizes are strings on the wire. What is no such message does nothing, as in LXD. */
function parseControl(text: string): { signal?: number; width?: number; height?: number } {
  try {
    const { command, args, signal } = JSON.parse(text) as {
      command?: string
      args?: { width?: string; height?: string } | null
      signal?: number
    }
    if (command === 'signal' && Number.isInteger(signal)) return { signal: Number(signal) }
    if (command === 'window-resize') return { width: Number(args?.width), height: Number(args?.height) }
  } catch {
    // Not JSON.
  }
  return {}
}

/** The execs under way, by operation. */
export class ExecSessions {
  readonly #sessions = new Map<string, ExecSession>()

  open(lxd: LxdClient, target: Target, request: ExecRequest, operations: Operations): OperationRecord {
    const session = new ExecSession(lxd, target, request, operations, (id) => this.#sessions.delete(id))
    this.#sessions.set(session.operation.id, session)
    return session.operation
  }

  /** @throws ApiError 404. */
  get(id: string): ExecSession {
    const session = this.#sessions.get(id)
    if (!session) throw notFound('operation with sockets', id)
    return session
  }
}
