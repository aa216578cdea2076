// Who may call what. Over TLS a client is trusted or it is not; over the unix socket the file's mode has decided already.
import { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { unauthorized } from '../errors.ts'
import type { Revocation } from '../trust/revocation.ts'
import { type Verdict, verdictOf } from '../trust/trust-store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a trusted client. */
    open?: boolean
  }
}

export async function trustOf(request: FastifyRequest, revocation: Revocation): Promise<Verdict> {
  const { socket } = request.raw
  if (!(socket instanceof TLSSocket)) return { trusted: true, fingerprint: '' }
  const verdict = verdictOf(socket)
  const reason = verdict.trusted ? await revocation.reason(socket, verdict.fingerprint) : undefined
  return reason === undefined
    ? verdict
    : { trusted: false, reason: `the client certificate is not trusted (${reason})` }
}

export function addAccess(app: FastifyInstance, revocation: Revocation): void {
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.open) return
    const verdict = await trustOf(request, revocation)
    if (!verdict.trusted)
      throw unauthorized(
        `${verdict.reason}: use a client certificate that this machine's CA signed, or have yours added with POST /1.0/certificates`,
      )
  })
}
