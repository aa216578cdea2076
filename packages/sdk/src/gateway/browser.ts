// The gateway's client for browsers: the same, over fetch and WebSocket. Certificates are the browser's affair there. An
// account's token in a page can be read by whoever opens it: have your own service create and join sessions, and give
// pages the answer.
import { BrowserTransport } from './browser-transport.ts'
import { Gateway } from './gateway.ts'

export * from '../errors.ts'
export * from './control.ts'
export { type Connector, GatewaySession } from './session.ts'
export * from './signal.ts'
export { Signalling } from './signalling.ts'
export type * as gateway from './types.ts'

export type BrowserGatewayOptions = {
  /** `https://host:port`. */
  url: string
  token: string
}

export class GatewayClient extends Gateway {
  constructor({ url, token }: BrowserGatewayOptions) {
    super(new BrowserTransport(url, token))
  }
}
