import { GatewayService } from './service.ts'
import { GatewaySessions } from './sessions.ts'
import { GatewayShares } from './shares.ts'
import type { Transport } from './transport.ts'

/** The stream gateway, by whatever transport. */
export class Gateway implements AsyncDisposable {
  readonly service: GatewayService
  readonly sessions: GatewaySessions
  readonly shares: GatewayShares
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
    this.service = new GatewayService(transport)
    this.sessions = new GatewaySessions(transport)
    this.shares = new GatewayShares(transport)
  }

  /** Ends everything that is open; sessions at the gateway go on. */
  close(): Promise<void> {
    return this.#transport.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
