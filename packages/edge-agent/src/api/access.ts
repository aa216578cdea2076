// Who may call what. Over TLS a client is trusted or it is not; over the unix socket the file's mode has decided already.
import { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { unauthorized } from '../errors.ts'
import { type Verdict, verdictOf } from '../trust/trust-store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a trusted client. */
    open?: boolean
  }
}

export function trustOf(request: FastifyRequest): Verdict {
  const { socket } = request.raw
  return socket instanceof TLSSocket ? verdictOf(socket) : { trusted: true, fingerprint: '' }
}

export function addAccess(app: FastifyInstance): void {
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.open) return
    const verdict = trustOf(request)
    if (!verdict.trusted)
      throw unauthorized(
        `${verdict.reason}: use a client certificate that this machine's CA signed, or have yours added with POST /1.0/certificates`,
      )
  })
}
