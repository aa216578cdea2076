// Who may call what. Over TLS a client is trusted or it is not; over the unix socket the file's mode has decided already.
import { TLSSocket } from 'node:tls'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { forbidden, unauthorized } from '../errors.ts'
import type { Revocation } from '../trust/revocation.ts'
import { type Verdict, verdictOf } from '../trust/trust-store.ts'
import type { Services } from './services.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers without a trusted client. */
    open?: boolean
    /** Answers every trusted client, whatever it may do. */
    anybody?: boolean
    /** Answers the bearer of a token of `POST /1.0/events/auth` too. */
    token?: boolean
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

export function addAccess(app: FastifyInstance, { revocation, identities, eventTokens }: Services): void {
  app.addHook('onRequest', async (request) => {
    const { open, anybody, token } = request.routeOptions.config
    if (open) return
    const given = token && (request.query as { token?: unknown }).token
    if (typeof given === 'string') {
      if (eventTokens.accepts(given)) return
      throw unauthorized('the token is not valid any more: get one with POST /1.0/events/auth')
    }
    const verdict = await trustOf(request, revocation)
    if (!verdict.trusted)
      throw unauthorized(
        `${verdict.reason}: use a client certificate that this machine's CA signed, or have yours added with POST /1.0/certificates`,
      )
    if (!anybody && identities.permissionsOf(verdict.fingerprint).length === 0)
      throw forbidden(
        'the identity of this certificate is in no group that may do this: an administrator can put it into "admin"',
      )
  })
}
