// Who comes to a server's door, with what in the hand; and how a connection is made that shows exactly that.
import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import type { SecureVersion } from 'node:tls'

export type Peer = {
  /** PEM, as it is sent: Node adds nothing, since it knows no CA that this could lead to. */
  cert?: string
  key?: string
  maxVersion?: SecureVersion
  /** No TLS at all. */
  plain?: boolean
  /** What the service takes besides a certificate. */
  user?: string
  password?: string
  token?: string
}

export type Visit = { ok: true } | { ok: false; reason: string }

/** The TLS options of a peer who checks the server against the root. */
export function tlsOf({ cert, key, maxVersion }: Peer, root: string) {
  return { ca: root, servername: 'localhost', ...(cert && { cert, key }), ...(maxVersion && { maxVersion }) }
}

/** One request, on a connection of its own unless an agent keeps one. */
export function visit(
  url: string,
  peer: Peer,
  options: { root: string; body?: unknown; method?: string; agent?: Agent },
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { root, body, method = body ? 'POST' : 'GET', agent = false } = options
  return new Promise((resolve, reject) => {
    const answered = async (answer: IncomingMessage) => {
      let text = ''
      for await (const chunk of answer.setEncoding('utf8')) text += chunk
      resolve({ status: answer.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : { text } })
    }
    const sent = request(url, { ...tlsOf(peer, root), agent, method, timeout: 5_000 }, (answer) => {
      answered(answer).catch(reject)
    })
    sent.once('timeout', () => sent.destroy(new Error('no answer')))
    sent.once('error', reject).end(body ? JSON.stringify(body) : undefined)
  })
}

/** What a refusal looks like from outside, in few words. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as { code?: string; message: string }
  const alert = /alert number (\d+)/.exec(message)?.[1]
  const alerts: Record<string, string> = {
    '40': 'handshake failure',
    '42': 'bad certificate',
    '46': 'certificate unknown',
    '48': 'unknown CA',
    '70': 'protocol version',
    '116': 'certificate required',
  }
  if (alert) return `TLS alert: ${alerts[alert] ?? alert}`
  if (['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code) || /socket hang up|disconnected before/.test(message))
    return 'connection closed'
  return message.split('\n')[0] ?? message
}
