import type { Limits } from '../connection/deadline.ts'
import type { GatewaySessions, SessionDeleteOptions } from './sessions.ts'
import { Signalling } from './signalling.ts'
import type { Transport } from './transport.ts'
import type { Joined, Screen, SessionStatus, ShareCreated, SharePost, StunServer } from './types.ts'

/** What Canonical's browser SDK takes in place of its own connector. */
export type Connector = {
  connect(): Promise<{ id: string; websocket: string; stunServers: StunServer[] }>
  disconnect(): void
}

/** Browsers refuse a list with a URL of another scheme, and the gateway's own examples are https://. */
const isForBrowsers = ({ urls }: StunServer) =>
  (urls?.length ?? 0) > 0 && urls?.every((url) => /^(stun|turn)s?:/.test(url))

/** A session that can be viewed. The URL of its socket and its TURN users are secrets: they do not show when it is printed. */
export class GatewaySession {
  readonly id: string
  readonly region: string | undefined
  readonly status: SessionStatus | undefined
  readonly joinable: boolean | undefined
  readonly #sessions: GatewaySessions
  readonly #transport: Transport
  readonly #way: Joined

  constructor(
    sessions: GatewaySessions,
    transport: Transport,
    id: string,
    way: Joined & { region?: string; status?: SessionStatus; joinable?: boolean },
  ) {
    this.id = id
    this.region = way.region
    this.status = way.status
    this.joinable = way.joinable
    this.#sessions = sessions
    this.#transport = transport
    this.#way = way
  }

  /** The URL of the signalling socket; whoever has it can view the session. */
  get url(): string {
    return this.#way.url
  }

  /** Always a list, which viewers insist on. */
  get stunServers(): StunServer[] {
    return this.#way.stun_servers ?? []
  }

  /** Opens the signalling socket; aborting closes it. Only one viewer is connected at a time. */
  async signalling(options: Limits = {}): Promise<Signalling> {
    return new Signalling(await this.#transport.socket(this.url, options), options.signal)
  }

  /** For Canonical's browser SDK. Connecting again joins the session again, which disconnects who views it. */
  toConnector(screen?: Screen): Connector {
    let way: GatewaySession | undefined = this
    return {
      connect: async () => {
        const { id, url, stunServers } = way ?? (await this.join(screen && { screen }))
        way = undefined
        return { id, websocket: url.replace(/^http/, 'ws'), stunServers: stunServers.filter(isForBrowsers) }
      },
      disconnect: () => {},
    }
  }

  join(options?: Limits & { screen?: Screen }): Promise<GatewaySession> {
    return this.#sessions.join(this.id, options)
  }

  share(body?: SharePost, options?: Limits): Promise<ShareCreated> {
    return this.#sessions.share(this.id, body, options)
  }

  delete(options?: SessionDeleteOptions): Promise<void> {
    return this.#sessions.delete(this.id, options)
  }

  toJSON(): object {
    const { id, region, status, joinable } = this
    return { id, region, status, joinable }
  }
}
