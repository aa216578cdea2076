// A local server for what a real one cannot be made to do: lose connections, mix up the order of events, answer web pages.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type WebSocket, WebSocketServer } from 'ws'

export type LocalServer = AsyncDisposable & {
  socketPath: string
  /** With a certificate: `https://127.0.0.1:PORT`. */
  url: string
  /** Method and URL of every request and handshake, in order. */
  seen: string[]
  /** The WebSockets that are open. */
  sockets: Set<WebSocket>
  /** TCP connections that were accepted. */
  connections: number
  /** Cuts every connection. */
  cut(): void
}

export type Handlers = {
  request?: (asked: IncomingMessage, answer: ServerResponse) => void
  /** Called for each WebSocket; without it the handshake is refused with 403. */
  socket?: (socket: WebSocket, url: string) => void
}

/** Listens on a unix socket of its own, or on a free port of loopback: with a certificate, or plainly as for a page of this machine. */
export async function serve(
  { request, socket }: Handlers,
  tls?: { certificate: string; key: string } | 'plain',
): Promise<LocalServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-server-'))
  const http =
    typeof tls === 'object'
      ? createSecureServer({ cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.3' })
      : createServer()
  const open = new Set<Socket>()
  const upgrades = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  const server: LocalServer = {
    socketPath: join(folder, 'socket'),
    url: '',
    seen: [],
    sockets: new Set(),
    connections: 0,
    cut: () => {
      for (const one of open) one.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      server.cut()
      await new Promise((done) => http.close(done))
      rmSync(folder, { recursive: true })
    },
  }
  http.on('connection', (raw: Socket) => {
    server.connections += 1
    open.add(raw)
    raw.on('close', () => open.delete(raw)).on('error', () => {})
  })
  http.on('request', (asked: IncomingMessage, answer: ServerResponse) => {
    server.seen.push(`${asked.method} ${asked.url}`)
    if (request) request(asked, answer)
    else fail(answer, 404, 'not found')
  })
  http.on('upgrade', (asked: IncomingMessage, raw: Socket, head: Buffer) => {
    const url = asked.url ?? ''
    server.seen.push(`SOCKET ${url}`)
    if (!socket) return raw.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    upgrades.handleUpgrade(asked, raw, head, (accepted) => {
      server.sockets.add(accepted)
      accepted.on('error', () => {}).on('close', () => server.sockets.delete(accepted))
      socket(accepted, url)
    })
  })
  await new Promise<void>((done) => (tls ? http.listen(0, '127.0.0.1', done) : http.listen(server.socketPath, done)))
  if (tls) server.url = `http${tls === 'plain' ? '' : 's'}://127.0.0.1:${(http.address() as AddressInfo).port}`
  return server
}

export function reply(answer: ServerResponse, status: number, body: object): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
export const sync = (answer: ServerResponse, metadata: unknown) =>
  reply(answer, 200, { type: 'sync', status: 'Success', status_code: 200, metadata })
export const fail = (answer: ServerResponse, status: number, error: string) =>
  reply(answer, status, { type: 'error', error, error_code: status })
export function started(answer: ServerResponse, state: { id: string } & object): void {
  const operation = `/1.0/operations/${state.id}`
  reply(answer, 202, { type: 'async', status: 'Operation created', status_code: 100, operation, metadata: state })
}

export async function bodyOf(asked: IncomingMessage): Promise<Buffer> {
  return Buffer.concat(await asked.toArray())
}
