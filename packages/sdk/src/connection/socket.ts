// WebSockets over a connected socket of ours, so that credentials and verification are those of the requests.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import WebSocket from 'ws'
import { errorForStatus } from '../errors.ts'
import { failure } from './failure.ts'

const pingInterval = 20_000
const handshakeTimeout = 15_000

export type SocketRequest = {
  host: string
  /** With its query, which is kept out of errors. */
  target: string
  headers: Record<string, string>
  signal?: AbortSignal
  /** Leave it paused: nothing is read until `resume`. */
  paused?: boolean
  /** Do not answer pings. */
  quiet?: boolean
}

/** Opens a WebSocket. Messages wait until the turn after the promise is fulfilled: attach listeners at once. */
export async function openSocket(raw: Socket, request: SocketRequest): Promise<WebSocket> {
  const { host, target, headers, signal } = request
  const asked = { method: 'GET', path: target.split('?')[0] ?? target }
  const socket = new WebSocket(`ws://${host}${target}`, {
    createConnection: (() => raw) as never,
    perMessageDeflate: false,
    autoPong: !request.quiet,
    handshakeTimeout,
    headers,
  })
  const stop = () => raw.destroy()
  try {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', stop, { once: true })
      socket.once('unexpected-response', (_request, response) => {
        refusal(response, asked).then(reject, reject)
      })
      socket.once('error', (error) => reject(failure(error, asked, host)))
      socket.once('close', () => reject(failure(new Error('closed before it was open'), asked, host)))
      socket.once('open', () => {
        // What came along with the handshake would be emitted before a caller's `await` is over.
        socket.pause()
        if (!request.paused) setImmediate(() => socket.resume())
        resolve()
      })
      if (signal?.aborted) stop()
    })
  } catch (error) {
    socket.on('error', () => {})
    socket.terminate()
    raw.destroy()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
  socket.on('error', () => {}) // `close` follows, and says all there is to know.
  keepAlive(socket)
  return socket
}

async function refusal(response: IncomingMessage, asked: { method: string; path: string }): Promise<Error> {
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > 8192) break
  }
  let words = response.statusMessage ?? ''
  try {
    words = String((JSON.parse(text) as { error?: unknown }).error || words)
  } catch {
    // A proxy's page: its status is enough.
  }
  return errorForStatus(response.statusCode ?? 500, words, asked)
}

/** Proxies forget silent connections without telling either side, so a socket on which nothing comes is asked. */
function keepAlive(socket: WebSocket): void {
  let heard = false
  const hear = () => {
    heard = true
  }
  socket.on('ping', hear).on('pong', hear).on('message', hear)
  const timer = setInterval(() => {
    if (!heard && !socket.isPaused && socket.readyState === WebSocket.OPEN) socket.ping()
    heard = false
  }, pingInterval)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}

/** Ends a socket whose other side went away without a word. Only for sockets that the server reads all the time. */
export function endWhenSilent(socket: WebSocket, onSilent: () => void = () => socket.terminate()): void {
  let heard = true
  const hear = () => {
    heard = true
  }
  socket.on('ping', hear).on('pong', hear).on('message', hear)
  const timer = setInterval(() => {
    if (!heard) onSilent()
    heard = false
  }, 2.5 * pingInterval)
  timer.unref()
  socket.once('close', () => clearInterval(timer))
}
