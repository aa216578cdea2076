import type { Connection } from '../connection/connection.ts'
import type { Api, CallOptions } from '../operations/api.ts'
import { type EventOptions, EventStream } from '../operations/event-stream.ts'

export type AmsEvents = {
  /** Lifecycle and operation events. Reconnects by itself, and says so with a `gap` event. */
  (options?: EventOptions): EventStream
  /** A short-lived token with which a browser, which can set no header there, opens the event socket: `?token=`. A secret. */
  token(options?: CallOptions): Promise<string>
}

export function amsEvents(api: Api, connection: Connection): AmsEvents {
  // AMS takes one type, or all, which is what it sends where none is said. There are two.
  const stream = ({ types = [], ...options }: EventOptions = {}) =>
    new EventStream(connection, {}, types.length === 1 ? { types, ...options } : options)
  const token = async (options?: CallOptions) =>
    (await api.send<{ token: string }>('POST', '/1.0/events/auth', options)).token
  return Object.assign(stream, { token })
}
