// A stand-in for the stream gateway, whose software cannot be had: the published API over TLS, with sessions and shares that
// begin, end and expire, tokens that are macaroons, and sockets. What it answers is held against contracts/gateway.yaml.
// What it does not have is an Android behind it: whoever tests gives what viewers and ADB clients are connected to.
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { makeSecret, mintAccountToken, verifyAccountToken } from '@anbox/pki'
import type { WebSocket } from 'ws'
import type { Session, Share } from '../../src/gateway/types.ts'
import { type Made, make } from '../certificates.ts'
import { bodyOf, type LocalServer, serve } from '../server.ts'

export type StandInOptions = {
  applications?: string[]
  /** What a viewer's socket is connected to. */
  viewer?: (socket: WebSocket, session: Session) => void
  /** What an ADB client's socket is connected to. */
  adb?: (socket: WebSocket, session: Session) => void
  /** Answers what is not the API's, such as pages that use it. */
  other?: (asked: IncomingMessage, answer: ServerResponse) => void
}
type Answer = { status: number; metadata?: unknown; error?: string; total_size?: number }
/** Told of every answer. */
export type Answered = { method: string; path: string; status: number; body: unknown }

const mostShares = 5
const refuse = (status: number, error: string): Answer => ({ status, error })

export class StandInGateway implements AsyncDisposable {
  readonly certificate: Made
  readonly answers: Answered[] = []
  readonly #secret = makeSecret()
  readonly #options: StandInOptions
  readonly #sessions = new Map<string, Session>()
  readonly #shares = new Map<string, Share & { token: string }>()
  readonly #sockets = new Map<string, { session: string; kind: 'slave' | 'adb'; share?: string }>()
  readonly #live = new Map<string, WebSocket>()
  readonly #config: Record<string, string> = { 'sessions.limit': '100' }
  #server!: LocalServer

  private constructor(options: StandInOptions, certificate: Made) {
    this.#options = options
    this.certificate = certificate
  }

  static async start(options: StandInOptions = {}): Promise<StandInGateway> {
    const gateway = new StandInGateway(options, make('127.0.0.1'))
    const handlers = {
      request: (asked: IncomingMessage, answer: ServerResponse) => void gateway.#serve(asked, answer),
      socket: (socket: WebSocket, url: string) => gateway.#connect(socket, url),
    }
    gateway.#server = await serve(handlers, gateway.certificate)
    return gateway
  }

  get url(): string {
    return this.#server.url
  }

  /** Sockets that are open. */
  get sockets(): number {
    return this.#server.sockets.size
  }

  /** A token of an account that ends in so many seconds. */
  token(seconds = 600): string {
    return mintAccountToken(this.#secret, { account: 'test', expires: new Date(Date.now() + seconds * 1000) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]()
  }

  async #serve(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(asked.url ?? '/', this.url)
    const method = asked.method ?? ''
    if (this.#options.other && !url.pathname.startsWith('/1.0/')) return this.#options.other(asked, response)
    let answer: Answer
    try {
      const text = (await bodyOf(asked)).toString()
      answer = this.#answer(method, url, text ? (JSON.parse(text) as Record<string, unknown>) : {}, asked)
    } catch (error) {
      answer = refuse(400, (error as Error).message)
    }
    const { status, error, ...rest } = answer
    const body = {
      type: error === undefined ? 'sync' : 'error',
      status: error === undefined ? 'success' : 'failed',
      status_code: status,
      ...(error !== undefined && { error }),
      ...rest,
    }
    this.answers.push({ method, path: url.pathname, status, body })
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

  #answer(method: string, url: URL, body: Record<string, unknown>, asked: IncomingMessage): Answer {
    const [, kind = '', id = '', action = ''] = /^\/1\.0\/(\w+)(?:\/([^/]+))?(?:\/(\w+))?\/?$/.exec(url.pathname) ?? []
    if (action === 'connect' && method === 'GET') return this.#visit(id, url.searchParams)
    const known = this.#isKnown(asked, url)
    if (kind === 'status')
      return { status: 200, metadata: { status: 'healthy', ...(known && { agents: 1, database_nodes: 1 }) } }
    if (!known) return refuse(401, 'unauthorized')
    const recursive = url.searchParams.get('recursion') === 'true'
    switch (`${method} ${kind}${id && ' id'}${action && ` ${action}`}`) {
      case 'GET regions':
        return { status: 200, metadata: [{ name: 'edge' }] }
      case 'GET applications':
        return { status: 200, metadata: (this.#options.applications ?? ['calculator']).map((name) => ({ name })) }
      case 'GET config':
        return { status: 200, metadata: this.#config }
      case 'PATCH config':
        this.#config[String(body.name)] = String(body.value)
        return { status: 200, metadata: {} }
      case 'GET sessions': {
        const wanted = url.searchParams.get('status')
        const found = [...this.#sessions.values()].filter(({ status }) => !wanted || status === wanted)
        return page(found, url.searchParams, recursive ? (one) => one : ({ id }) => id)
      }
      case 'POST sessions':
        return this.#create(body)
      case 'DELETE sessions':
        return this.#deleteMany((body.ids ?? []) as string[])
      case 'GET shares': {
        const session = url.searchParams.get('session_id')
        const found = [...this.#shares.values()].filter(({ session_id }) => !session || session_id === session)
        return page(
          found,
          url.searchParams,
          recursive ? ({ url: _url, token: _token, ...rest }) => rest : ({ id }) => id,
        )
      }
    }
    if (kind === 'shares') return this.#share(method, id, body)
    const session = this.#sessions.get(id)
    if (kind !== 'sessions' || !session) return refuse(404, 'not found')
    switch (`${method} ${action}`) {
      case 'GET ':
        return { status: 200, metadata: session }
      case 'DELETE ':
        this.#end(id)
        return { status: 200, metadata: {} }
      case 'POST join':
        this.#live.get(`slave ${id}`)?.close()
        return { status: 200, metadata: this.#way(id) }
      case 'POST share':
        return this.#makeShare(id, body)
    }
    return refuse(404, 'not found')
  }

  #isKnown(asked: IncomingMessage, url: URL): boolean {
    const [, shown] = /^macaroon root=(.+)$/i.exec(asked.headers.authorization ?? '') ?? []
    const token = shown ?? url.searchParams.get('api_token')
    return token !== null && verifyAccountToken(token, { secrets: [this.#secret], isAccount: () => true }).ok
  }

  #create({ app, region = '', joinable = false }: Record<string, unknown>): Answer {
    if (typeof app !== 'string' || app === '') return refuse(400, 'app is missing')
    if (!(this.#options.applications ?? ['calculator']).includes(app)) return refuse(404, 'no agent can host it')
    const id = randomUUID()
    const session: Session = {
      id,
      app,
      region: String(region) || 'edge',
      cluster_id: 'edge',
      container_id: randomBytes(10).toString('hex'),
      joinable: joinable === true,
      status: 'active',
      status_message: '',
    }
    this.#sessions.set(id, session)
    const { region: where, status, joinable: may } = session
    return { status: 201, metadata: { id, region: where, status, joinable: may, ...this.#way(id) } }
  }

  #way(session: string) {
    const token = randomBytes(16).toString('hex')
    this.#sockets.set(token, { session, kind: 'slave' })
    const stun_servers = [{ urls: ['turn:127.0.0.1:5349'], username: '2000000000:test', password: 'turn-password' }]
    return {
      url: `${this.url.replace('https', 'wss')}/1.0/session/${session}/sockets/slave?token=${token}`,
      stun_servers,
    }
  }

  #deleteMany(ids: string[]): Answer {
    const gone = ids.filter((id) => this.#sessions.has(id))
    for (const id of gone) this.#end(id)
    const errors = ids
      .filter((id) => !gone.includes(id))
      .map((id) => ({ session_id: id, error_message: 'not found', status_code: 404 }))
    return { status: errors.length > 0 ? 207 : 200, metadata: { deleted_sessions: gone, errors } }
  }

  #end(id: string): void {
    this.#sessions.delete(id)
    for (const share of this.#shares.values()) if (share.session_id === id) this.#endShare(share.id)
    this.#live.get(`slave ${id}`)?.close()
  }

  #endShare(id: string): void {
    this.#shares.delete(id)
    this.#live.get(`adb ${id}`)?.close()
  }

  #makeShare(session_id: string, { type, description = '', expiry_at }: Record<string, unknown>): Answer {
    if (type !== 'adb') return refuse(400, 'type has to be adb')
    if ([...this.#shares.values()].filter((share) => share.session_id === session_id).length >= mostShares)
      return refuse(403, `a session has at most ${mostShares} shares`)
    const now = Math.floor(Date.now() / 1000)
    const [id, token] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')]
    const url = `${this.url}/1.0/sessions/${session_id}/connect?type=adb&token=${token}`
    const end = typeof expiry_at === 'number' ? expiry_at : now + 12 * 3600
    const share = {
      id,
      session_id,
      type,
      description: String(description),
      created_at: now,
      expiry_at: end,
      url,
      token,
    }
    this.#shares.set(id, share)
    return { status: 200, metadata: { id, type, url, expiry_at: end, expiry_min: Math.round((end - now) / 60) } }
  }

  #share(method: string, id: string, body: Record<string, unknown>): Answer {
    const share = this.#shares.get(id)
    if (!share) return refuse(404, 'not found')
    if (method === 'DELETE') {
      this.#endShare(id)
      return { status: 200, metadata: {} }
    }
    if (method === 'PATCH') {
      if (typeof body.description === 'string') share.description = body.description
      if (typeof body.expiry_at === 'number') share.expiry_at = body.expiry_at
    }
    const { token: _, ...shown } = share
    return { status: 200, metadata: shown }
  }

  #visit(session: string, query: URLSearchParams): Answer {
    const share = [...this.#shares.values()].find(
      ({ token, session_id }) => token === query.get('token') && session_id === session,
    )
    if (!share || (share.expiry_at ?? 0) <= Date.now() / 1000) return refuse(401, 'unauthorized')
    const token = randomBytes(16).toString('hex')
    this.#sockets.set(token, { session, kind: 'adb', share: share.id })
    const url = `${this.url.replace('https', 'wss')}/1.0/session/${session}/sockets/adb?token=${token}`
    return { status: 200, metadata: { url, stun_servers: [] } }
  }

  #connect(socket: WebSocket, target: string): void {
    const url = new URL(target, this.url)
    const way = this.#sockets.get(url.searchParams.get('token') ?? '')
    const session = this.#sessions.get(way?.session ?? '')
    if (!way || !session || !url.pathname.endsWith(`/sockets/${way.kind}`)) {
      socket.close(1008)
      return
    }
    // The newest wins.
    const place = way.kind === 'slave' ? `slave ${session.id}` : `adb ${way.share}`
    this.#live.get(place)?.close()
    this.#live.set(place, socket)
    socket.on('close', () => this.#live.get(place) === socket && this.#live.delete(place))
    const serve = way.kind === 'slave' ? this.#options.viewer : this.#options.adb
    if (serve) serve(socket, session)
    else socket.close()
  }
}

function page<T>(all: T[], query: URLSearchParams, show: (one: T) => unknown): Answer {
  const from = Number(query.get('offset') ?? 0)
  const limit = Number(query.get('limit') ?? -1)
  const part = all.slice(from, limit < 0 ? undefined : from + limit)
  return { status: 200, metadata: part.map(show), total_size: all.length }
}
