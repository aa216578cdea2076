// ADB through the gateway: the URL of a share leads to a socket that carries the bytes of one ADB connection in binary
// messages. Whoever comes last has it; who came before is cut off.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createWebSocketStream } from 'ws'
import { Deadline, type Limits } from '../connection/deadline.ts'
import { ConflictError, ServerError } from '../errors.ts'
import { NodeTransport, type NodeTransportOptions } from './node-transport.ts'
import type { Joined } from './types.ts'

export type AdbListenOptions = {
  /** 127.0.0.1 unless said: whoever reaches the port has a shell in the instance. */
  host?: string
  /** A free one unless said. */
  port?: number
  /** Closes the port. */
  signal?: AbortSignal
  /** Told why a connection could not be made, or broke off. */
  onError?: (error: unknown) => void
}

/** The way to ADB in an instance. The URL is a secret: it does not show when this is printed. */
export class AdbShare {
  readonly #transport: NodeTransport
  readonly #url: string

  constructor(transport: NodeTransport, url: string) {
    this.#transport = transport
    this.#url = url
  }

  /** One ADB connection as a stream of its bytes. Throws `UnauthorizedError` when the share has ended or was taken back. */
  async connect(options: Limits = {}): Promise<Duplex> {
    const limit = new Deadline(options, 'ADB through the gateway')
    try {
      const { metadata } = await this.#transport.visit<Joined>(this.#url, limit)
      if (!metadata?.url) throw new ServerError('the gateway gave no URL for ADB')
      const socket = await this.#transport.socket(metadata.url, limit)
      return createWebSocketStream(socket, { highWaterMark: 256 * 1024 })
    } finally {
      limit[Symbol.dispose]()
    }
  }

  /** Opens a TCP port for `adb connect HOST:PORT`; each connection to it is one through the gateway. */
  async listen({ host = '127.0.0.1', port = 0, signal, onError }: AdbListenOptions = {}): Promise<AdbPort> {
    signal?.throwIfAborted()
    const server = createServer({ noDelay: true, pauseOnConnect: true })
    const opened = new AdbPort(server, (limits) => this.connect(limits), { onError, signal })
    server.listen(port, host)
    try {
      await once(server, 'listening', { signal })
    } catch (error) {
      await opened.close()
      signal?.throwIfAborted()
      const words = `port ${port} of ${host} cannot be opened: ${(error as Error).message}`
      throw new ConflictError(words, { code: 'conflict', cause: error })
    }
    return opened
  }
}

/** ADB by the URL of a share alone, for who has no account at the gateway. Close it when it is not needed any more. */
export class AdbClient extends AdbShare implements AsyncDisposable {
  readonly #transport: NodeTransport

  constructor(shareUrl: string, options: NodeTransportOptions = {}) {
    const transport = new NodeTransport(options)
    super(transport, shareUrl)
    this.#transport = transport
  }

  close(): Promise<void> {
    return this.#transport.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** A local port that leads to ADB in an instance. */
export class AdbPort implements AsyncDisposable {
  readonly #server: Server
  readonly #connect: (limits: Limits) => Promise<Duplex>
  readonly #onError: (error: unknown) => void
  readonly #closing = new AbortController()
  readonly #links = new Set<Promise<void>>()
  #bound: AddressInfo = { address: '', family: '', port: 0 }

  constructor(
    server: Server,
    connect: (limits: Limits) => Promise<Duplex>,
    { onError = () => {}, signal }: Pick<AdbListenOptions, 'onError' | 'signal'>,
  ) {
    this.#server = server
    this.#connect = connect
    this.#onError = onError
    const abort = () => void this.close()
    signal?.addEventListener('abort', abort, { once: true })
    server.once('close', () => signal?.removeEventListener('abort', abort))
    server.once('listening', () => {
      this.#bound = server.address() as AddressInfo
      server.on('error', onError)
    })
    server.on('connection', (socket) => {
      const link = this.#link(socket).finally(() => this.#links.delete(link))
      this.#links.add(link)
    })
  }

  get port(): number {
    return this.#bound.port
  }

  /** As `adb connect` takes it. */
  get address(): string {
    const { address, port } = this.#bound
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  }

  async #link(socket: Socket): Promise<void> {
    const { signal } = this.#closing
    socket.on('error', () => {})
    // Nobody waits any more for a connection that was given up before it was made.
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    try {
      const stream = await this.#connect({ signal: AbortSignal.any([signal, gone.signal]) })
      await Promise.all([pipeline(socket, stream, { signal }), pipeline(stream, socket, { signal })])
    } catch (error) {
      // An end of either side without a farewell is how ADB connections end.
      const usual = ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(
        String((error as { code?: string }).code),
      )
      if (!usual && !signal.aborted && !gone.signal.aborted) this.#onError(error)
    } finally {
      socket.destroy()
    }
  }

  /** Closes the port and every connection through it. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the port was closed'))
    this.#server.close()
    await Promise.all(this.#links)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
