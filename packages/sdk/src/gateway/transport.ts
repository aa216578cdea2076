// How the gateway's client talks: with undici and ws under Node, with fetch and WebSocket in a browser. Nothing else in
// this folder but `client.ts`, `adb.ts` and `node-transport.ts` may need Node.
import type { Limits } from '../connection/deadline.ts'
import type { Query } from '../connection/path.ts'

export type GatewayRequest = Limits & { query?: Query; body?: unknown }
export type GatewayReply<T> = {
  metadata: T
  /** 202: it has only begun. */
  status: number
  /** Of the whole collection. */
  total?: number
}

export type Transport = {
  request<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    options: GatewayRequest,
  ): Promise<GatewayReply<T>>
  /** Opens what an answer's `url` leads to. Messages wait until listeners can be there: the turn after the promise. */
  socket(url: string, limits: Limits): Promise<MessageSocket>
  close(): Promise<void>
}

/** What browsers' sockets and those of `ws` have in common. */
export type MessageSocket = {
  readonly readyState: number
  send(data: string): void
  close(): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void
}
