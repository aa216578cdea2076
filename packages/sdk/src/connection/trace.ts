// What the SDK does, for whoever subscribes: `node:diagnostics_channel`'s tracing channels, which cost nothing without a
// subscriber. A context holds no query, no header and no body, for secrets travel there.
import { type TracingChannel, tracingChannel } from 'node:diagnostics_channel'

/** The names are those of OpenTelemetry's HTTP conventions. */
export type RequestTrace = {
  'http.request.method': string
  'url.path': string
  /** `host:port`, or `unix:PATH`. */
  'server.address': string
  /** Of the last answer. */
  'http.response.status_code'?: number
  /** How often it was sent again. */
  'http.request.resend_count': number
  /** Set when it fails. */
  error?: unknown
}
export type WaitTrace = {
  'server.address': string
  'anbox.operation.id': string
  'anbox.operation.description': string
  error?: unknown
}

/** A call that gets an answer, repetitions included: `tracing:anbox-sdk:request:start`, `:asyncEnd`, `:error`. */
export const requestTracing = tracingChannel<unknown, RequestTrace>('anbox-sdk:request')
/** A WebSocket being opened: events, the streams of a command. */
export const socketTracing = tracingChannel<unknown, RequestTrace>('anbox-sdk:socket')
/** The wait for the end of an operation. */
export const waitTracing = tracingChannel<unknown, WaitTrace>('anbox-sdk:wait')

/** Runs `work` under a channel. Its result stays out of the context, where Node would put it: it may hold secrets. */
export async function traced<T, Trace extends object>(
  channel: TracingChannel<unknown, Trace>,
  trace: Trace,
  work: () => Promise<T>,
): Promise<T> {
  let result: T | undefined
  await channel.tracePromise(async () => {
    result = await work()
  }, trace)
  return result as T
}
