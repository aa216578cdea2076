// POST /1.0/instances/{id}/exec and the sockets of its operation.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { badRequest, unauthorized } from '../../errors.ts'
import type { Contract } from '../contract.ts'
import { accepted } from '../envelope.ts'
import type { ExecRequest, ExecSessions } from '../exec/session.ts'
import { type Query, text } from '../query.ts'
import type { Services } from '../services.ts'
import { onlyAsSocket } from '../socket.ts'

type Named = { Params: { id: string }; Querystring: Query }

export function execRoutes(
  app: FastifyInstance,
  sessions: ExecSessions,
  { instances, projects, operations }: Services,
  contract: Contract,
): void {
  const open = (kind: 'instance' | 'container') => (request: FastifyRequest<Named>, reply: FastifyReply) => {
    contract.checkBody(`${kind}_exec_post`, request.body)
    const asked = request.body as ExecRequest
    if (!asked.command?.length || asked.command[0] === '')
      throw badRequest('command is missing: a list, the program first')
    const instance = instances.get(request.params.id)
    // Also while it boots: that is when somebody wants to look inside.
    if (instance.goal !== 'running' || (instance.status !== 'running' && instance.status !== 'started'))
      throw badRequest(`instance "${instance.name}" is ${instance.status}: it must be running to execute a command`)
    return accepted(reply, sessions.open(projects.of(instance), instance, asked, operations))
  }
  app.post<Named>('/1.0/instances/:id/exec', open('instance'))
  app.post<Named>('/1.0/containers/:id/exec', open('container'))

  // Open: the secret alone must do, because the Go client's sockets carry no credentials of their own.
  app.route<Named>({
    method: 'GET',
    url: '/1.0/operations/:id/websocket',
    config: { open: true },
    preValidation: async ({ params, query }) => {
      const secret = text(query, 'secret')
      if (!secret) throw unauthorized("?secret= is missing: the operation's metadata has one for each socket")
      sessions.get(params.id).fdOf(secret)
    },
    handler: onlyAsSocket,
    wsHandler: (socket, { params, query }) => sessions.get(params.id).connect(text(query, 'secret') ?? '', socket),
  })
}
