// /1.0/certificates: the clients that are trusted besides those the CA signed.
import type { FastifyInstance } from 'fastify'
import { forbidden } from '../../errors.ts'
import { derOf } from '../../trust/trust-store.ts'
import { trustOf } from '../access.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { type Query, recursive } from '../query.ts'
import type { Services } from '../services.ts'

type Named = { Params: { fingerprint: string }; Querystring: Query }

export function certificateRoutes(
  app: FastifyInstance,
  { trust, revocation, settings, operations }: Services,
  contract: Contract,
): void {
  const render = (record: ReturnType<typeof trust.get>) => ({ certificate: derOf(record), fingerprint: record.id })

  app.get<Named>('/1.0/certificates', ({ query }, reply) => {
    const all = trust.list()
    return sync(reply, recursive(query) ? all.map(render) : all.map(({ id }) => `/1.0/certificates/${id}`), all.length)
  })

  app.get<Named>('/1.0/certificates/:fingerprint', ({ params }, reply) =>
    sync(reply, render(trust.get(params.fingerprint))),
  )

  // Open: a client that is not trusted yet brings the trust password.
  app.post('/1.0/certificates', { config: { open: true } }, async (request, reply) => {
    contract.checkBody('certificates_post', request.body)
    const body = request.body as { certificate?: string | null; 'trust-password'?: string | null }
    const verdict = await trustOf(request, revocation)
    if (!verdict.trusted) {
      if (!body['trust-password'])
        throw forbidden(
          `${verdict.reason}: only a trusted client, or one with the trust password, may add a certificate`,
        )
      await settings.checkTrustPassword(body['trust-password'])
    }
    const record = trust.add(body.certificate ?? '')
    return accepted(reply, operations.done('Adding certificate', { certificates: [`/1.0/certificates/${record.id}`] }))
  })

  app.delete<Named>('/1.0/certificates/:fingerprint', ({ params }, reply) => {
    trust.remove(params.fingerprint)
    return accepted(reply, operations.done('Deleting certificate', {}))
  })
}
