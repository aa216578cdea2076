// A connection to nats-server by hand: TLS with exactly these files, one user, and a ping that must be answered.
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Peer } from '../services/peer.ts'

export class NatsLink {
  readonly #socket: TLSSocket
  readonly #waiting: { resolve: () => void; reject: (error: Error) => void }[] = []

  private constructor(socket: TLSSocket) {
    this.#socket = socket
    const fail = (error: Error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
    }
    let text = ''
    socket.on('data', (data) => {
      text += data
      const lines = text.split('\r\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        if (line === 'PING') socket.write('PONG\r\n')
        if (line === 'PONG') this.#waiting.shift()?.resolve()
        if (line.startsWith('-ERR')) fail(new Error(line))
      }
    })
    socket.on('error', fail).on('close', () => fail(new Error('closed by the server')))
  }

  static async open(port: number, peer: Peer, root: string): Promise<NatsLink> {
    const plain = connectPlain(port, '127.0.0.1')
    await once(plain, 'data')
    const { cert, key } = peer
    const socket = connectTls({ socket: plain, ca: root, servername: 'localhost', cert, key })
    await once(socket, 'secureConnect')
    const link = new NatsLink(socket)
    const says = { verbose: false, pedantic: false, lang: 'test', version: '1', protocol: 1, tls_required: true }
    socket.write(`CONNECT ${JSON.stringify({ ...says, user: peer.user, pass: peer.password })}\r\n`)
    await link.ping()
    return link
  }

  ping(): Promise<void> {
    if (this.#socket.destroyed) return Promise.reject(new Error('closed by the server'))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error('no answer')), 5_000)
    this.#waiting.push({ resolve, reject })
    this.#socket.write('PING\r\n')
    return promise.finally(() => clearTimeout(timer))
  }

  close(): void {
    this.#socket.destroy()
  }
}
