// The gateway's client for browsers: the same, over fetch and WebSocket. Certificates are the browser's affair there. An
// account's token in a page can be read by whoever opens it: have your own service create and join sessions, and give
// pages the answer.
import type { Limits } from '../connection/deadline.ts'
import { BrowserTransport, openSocket } from './browser-transport.ts'
import { Gateway } from './gateway.ts'
import { Signalling } from './signalling.ts'

export * from '../errors.ts'
export * from './control.ts'
export { type Connector, GatewaySession } from './session.ts'
export * from './signal.ts'
export type * as gateway from './types.ts'
export { Signalling }

export type BrowserGatewayOptions = {
  /** `https://host:port`. */
  url: string
  token: string
}

/** The signalling socket of a session by its URL alone, as a page gets it from a service of your own. */
export async function openSignalling(url: string, options: Limits = {}): Promise<Signalling> {
  return new Signalling(await openSocket(url, options), options.signal)
}

export class GatewayClient extends Gateway {
  constructor({ url, token }: BrowserGatewayOptions) {
    super(new BrowserTransport(url, token))
  }
}
