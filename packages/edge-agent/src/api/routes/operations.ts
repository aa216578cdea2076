// /1.0/operations: list, show, wait, cancel. The sockets of an exec are in exec.ts.
import type { FastifyInstance } from 'fastify'
import { renderOperation, statusKey } from '../../operations/render.ts'
import { sync } from '../envelope.ts'
import { count, type Query, recursive } from '../query.ts'
import type { Services } from '../services.ts'

type Named = { Params: { id: string }; Querystring: Query }

export function operationRoutes(app: FastifyInstance, { operations, instances }: Services): void {
  // With recursion a map from status to list: what LXD answers and the Go client decodes, whatever AMS's description says.
  app.get<Named>('/1.0/operations', ({ query }, reply) => {
    const all = operations.list()
    if (!recursive(query))
      return sync(
        reply,
        all.map(({ id }) => `/1.0/operations/${id}`),
        all.length,
      )
    const byStatus: Record<string, unknown[]> = {}
    for (const operation of all) {
      const key = statusKey(operation)
      byStatus[key] = [...(byStatus[key] ?? []), renderOperation(operation)]
    }
    return sync(reply, byStatus)
  })

  app.get<Named>('/1.0/operations/:id', ({ params }, reply) => sync(reply, renderOperation(operations.get(params.id))))

  app.get<Named>('/1.0/operations/:id/wait', async (request, reply) => {
    const seconds = count(request.query, 'timeout', -1) ?? -1
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    const operation = await operations.wait(request.params.id, seconds < 0 ? -1 : seconds * 1000, gone.signal)
    return sync(reply, renderOperation(operation))
  })

  app.delete<Named>('/1.0/operations/:id', ({ params }, reply) => {
    const { subjects } = operations.get(params.id)
    operations.cancel(params.id)
    instances.wake(subjects)
    return sync(reply.code(202), {})
  })
}
