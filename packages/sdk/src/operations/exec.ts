// Commands inside an instance. LXD and AMS agree on how: an operation with one secret per socket. The command starts once
// all of them are connected, and dies with the control socket, so that one is opened first and held to the end.
import { type Duplex, Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import WebSocket from 'ws'
import { Deadline, type Limits } from '../connection/deadline.ts'
import { endWhenSilent } from '../connection/socket.ts'
import { InvalidRequestError, ServerError } from '../errors.ts'
import type { Api } from './api.ts'
import { type Ended, inputStream, outputStream, terminalStream } from './exec-streams.ts'
import type { Operation } from './operation.ts'

export type ExecResult = { exitCode: number }
export type ExecMetadata = { fds?: Record<string, string>; return?: number }
export type ExecInput = Readable | string | Uint8Array

/** A running command. Read or destroy both outputs: a command whose output nobody takes is held up. */
export type Exec = {
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** When both outputs were received whole and the command has ended. Throws `OperationFailedError`, `OperationLostError`, … */
  done: Promise<ExecResult>
  /** Sends a signal by its number, such as 15. */
  signal(number: number): void
}
/** A command with a terminal. */
export type InteractiveExec = {
  terminal: Duplex
  /** In characters. */
  resize(width: number, height: number): void
  signal(number: number): void
  done: Promise<ExecResult>
}

const kill = 9

/** Starts `body` at `path`, with standard input, output and error apart. Aborting `signal`, and a `deadline` that passes, kill the command. */
export async function exec(
  api: Api,
  path: string,
  body: object,
  options: Limits & { stdin?: ExecInput },
): Promise<Exec> {
  const session = await Session.open(api, path, { ...body, interactive: false }, ['0', '1', '2'], options)
  const stdin = session.stream('0', inputStream)
  const stdout = session.stream('1', (socket) => outputStream(socket, 'stdout'))
  const stderr = session.stream('2', (socket) => outputStream(socket, 'stderr'))
  if (options.stdin !== undefined) {
    const source = options.stdin instanceof Readable ? options.stdin : Readable.from([Buffer.from(options.stdin)])
    pipeline(source, stdin).catch((error) => session.fail(error))
  }
  const done = session.done([stdout.ended, stderr.ended], [stdout.stream, stderr.stream], stdin)
  return { stdin, stdout: stdout.stream, stderr: stderr.stream, done, signal: (number) => session.signal(number) }
}

/** Starts `body` at `path` in a terminal. */
export async function execInteractive(api: Api, path: string, body: object, options: Limits): Promise<InteractiveExec> {
  const session = await Session.open(api, path, { ...body, interactive: true }, ['0'], options)
  const terminal = session.stream('0', terminalStream)
  return {
    terminal: terminal.stream,
    done: session.done([terminal.ended], [terminal.stream]),
    signal: (number) => session.signal(number),
    // The sizes are strings on the wire.
    resize: (width, height) =>
      session.control({ command: 'window-resize', args: { width: String(width), height: String(height) } }),
  }
}

class Session {
  readonly #operation: Operation<ExecMetadata>
  readonly #sockets: Map<string, WebSocket>
  readonly #limit: Deadline
  readonly #failed = Promise.withResolvers<never>()

  private constructor(operation: Operation<ExecMetadata>, sockets: Map<string, WebSocket>, limit: Deadline) {
    this.#operation = operation
    this.#sockets = sockets
    this.#limit = limit
    this.#failed.promise.catch(() => {})
  }

  static async open(api: Api, path: string, body: object, names: string[], limits: Limits): Promise<Session> {
    const limit = new Deadline(limits, `POST ${path} at ${api.connection.server}`)
    try {
      return await Session.#open(api, path, body, names, limit)
    } catch (error) {
      limit[Symbol.dispose]()
      throw error
    }
  }

  static async #open(api: Api, path: string, body: object, names: string[], limit: Deadline): Promise<Session> {
    const { signal } = limit
    const operation = await api.start<ExecMetadata>('POST', path, { body, signal })
    const sockets = new Map<string, WebSocket>()
    const connect = async (name: string) => {
      const secret = operation.metadata.fds?.[name]
      if (!secret) throw new ServerError(`POST ${path}: the server gave no socket "${name}"`, { method: 'POST', path })
      const at = operation.socket
      // LXD does not read the sockets of the outputs. An answered ping would lie there when it closes them, which resets the
      // connection, and what was not yet read here would be gone.
      const quiet = name !== 'control'
      // Nothing may be read before all sockets are here and their streams listen.
      const socket = await api.connection.socket(at.path, {
        query: { ...at.query, secret },
        signal,
        paused: true,
        quiet,
      })
      sockets.set(name, socket)
    }
    try {
      await connect('control')
      await Promise.all(names.map(connect))
    } catch (error) {
      for (const socket of sockets.values()) socket.terminate()
      await operation.cancel().catch(() => {})
      throw error
    }
    return new Session(operation, sockets, limit)
  }

  stream<T>(name: string, make: (socket: WebSocket) => T): T {
    const socket = this.#socket(name)
    const made = make(socket)
    socket.resume()
    return made
  }

  #socket(name: string): WebSocket {
    const socket = this.#sockets.get(name)
    if (!socket) throw new ServerError(`there is no socket "${name}"`)
    return socket
  }

  control(message: object): void {
    const socket = this.#socket('control')
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }

  signal(number: number): void {
    if (!Number.isInteger(number) || number < 1 || number > 64) {
      throw new InvalidRequestError(`${number} is not the number of a signal`, { code: 'invalid-request' })
    }
    this.control({ command: 'signal', signal: number })
  }

  fail(error: unknown): void {
    this.#failed.reject(error)
  }

  done(outputs: Ended[], streams: (Readable | Duplex)[], stdin?: Writable): Promise<ExecResult> {
    const done = this.#run(outputs, streams).finally(() => {
      // Ends what still feeds a command that has ended.
      stdin?.on('error', () => {}).destroy()
    })
    done.catch(() => {}) // The caller may be content with the outputs.
    return done
  }

  async #run(outputs: Ended[], streams: (Readable | Duplex)[]): Promise<ExecResult> {
    const control = this.#socket('control')
    endWhenSilent(control, () => {
      for (const socket of this.#sockets.values()) socket.terminate()
    })
    control.on('message', () => {}).resume()
    const { signal } = this.#limit
    const abort = () => this.fail(signal?.reason)
    if (signal?.aborted) abort()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const ended = this.#operation.wait()
      const [operation] = await Promise.race([
        // A failed operation explains more than an output that broke off with it.
        Promise.all([ended, ...outputs]).catch(async (error) => {
          await Promise.race([ended, this.#failed.promise])
          throw error
        }),
        this.#failed.promise,
      ])
      return { exitCode: operation.metadata.return ?? -1 }
    } catch (error) {
      this.control({ command: 'signal', signal: kill })
      for (const stream of streams) if (!stream.destroyed) stream.on('error', () => {}).destroy(error as Error)
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#limit[Symbol.dispose]()
      this.#close()
    }
  }

  #close(): void {
    // Orderly, so that a signal just sent is read before the end; what does not answer is cut off.
    for (const socket of this.#sockets.values()) {
      socket.resume()
      socket.close()
      setTimeout(() => socket.terminate(), 1_000).unref()
    }
  }
}
