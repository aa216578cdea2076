// The HTTPS server, and what becomes of its connections when trust changes.
//
// OpenSSL judges a client in the handshake and never again. So when something was taken away (a certificate, a CA, a
// revocation list says more) connections of before are ended: idle ones at once, busy ones after their answer, and what
// is left, event and exec sockets, after a moment. Who is still trusted connects again.
import { constants } from 'node:crypto'
import type { Server as HttpServer, RequestListener } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import { createSecureContext, type TLSSocket } from 'node:tls'
import { ConfigurationError } from '../errors.ts'
import type { TrustStore } from '../trust/trust-store.ts'

/** Milliseconds that a busy connection of before may go on. */
const patience = 2_000

export class TlsServer {
  readonly #server: Server
  readonly #open = new Map<TLSSocket, { generation: number; requests: number }>()
  #generation = 0

  constructor(trust: TrustStore, handler: RequestListener) {
    this.#server = createServer(
      { ...usable(trust), requestCert: true, rejectUnauthorized: false, requestTimeout: 0 },
      (request, reply) => {
        const socket = request.socket as TLSSocket
        const entry = this.#open.get(socket)
        if (entry) entry.requests += 1
        reply.once('close', () => {
          if (!entry) return
          entry.requests -= 1
          if (entry.generation < this.#generation && entry.requests === 0) socket.end()
        })
        handler(request, reply)
      },
    )
    this.#server.on('secureConnection', (socket) => {
      // A resumed session would carry the verdict of an earlier handshake past a removal or an expiry.
      if (socket.isSessionReused()) return socket.destroy()
      trust.noteConnection(socket)
      this.#open.set(socket, { generation: this.#generation, requests: 0 })
      socket.on('close', () => this.#open.delete(socket))
    })
    trust.onChange((change) => {
      this.#server.setSecureContext(options(trust))
      if (change === 'less') this.#endEarlier()
    })
  }

  /** As fastify wants it. */
  get http(): HttpServer {
    return this.#server as unknown as HttpServer
  }

  #endEarlier(): void {
    this.#generation += 1
    // The answer to the request that took the trust away goes out first.
    setTimeout(
      () =>
        this.#endIf(
          ({ requests }) => requests === 0,
          (socket) => socket.end(),
        ),
      50,
    )
    setTimeout(
      () =>
        this.#endIf(
          () => true,
          (socket) => socket.destroy(),
        ),
      patience,
    )
  }

  #endIf(applies: (entry: { requests: number }) => boolean, end: (socket: TLSSocket) => void): void {
    for (const [socket, entry] of this.#open) if (entry.generation < this.#generation && applies(entry)) end(socket)
  }
}

/** @throws ConfigurationError where OpenSSL does not take the files. */
function usable(trust: TrustStore): ServerOptions {
  try {
    createSecureContext(options(trust))
    return options(trust)
  } catch (error) {
    throw new ConfigurationError(
      `api.certificate, api.key or api.trustedCertificates: OpenSSL does not take them (${(error as Error).message})`,
    )
  }
}

function options(trust: TrustStore): ServerOptions {
  const { certificate, key, anchors } = trust.tls()
  return {
    cert: certificate,
    key,
    ca: anchors,
    // A single certificate that was added is an anchor too, though nobody signed with it.
    allowPartialTrustChain: true,
    minVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}
