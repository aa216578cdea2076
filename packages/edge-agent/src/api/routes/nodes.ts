// /1.0/nodes: this machine, and no other.
import type { FastifyInstance } from 'fastify'
import { notFound, notSupported } from '../../errors.ts'
import type { NodePatch } from '../../host/node-settings.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { type Query, recursive } from '../query.ts'
import { renderNode } from '../render/node.ts'
import type { Services } from '../services.ts'

type Named = { Params: { name: string }; Querystring: Query }

export function nodeRoutes(app: FastifyInstance, services: Services, contract: Contract): void {
  const { config, node, operations, machine } = services
  const check = (name: string) => {
    if (name !== config.node.name) throw notFound('node', name)
  }

  app.get<Named>('/1.0/nodes', ({ query }, reply) =>
    sync(reply, recursive(query) ? [renderNode(services)] : [`/1.0/nodes/${config.node.name}`], 1),
  )

  app.get<Named>('/1.0/nodes/:name', ({ params }, reply) => {
    check(params.name)
    return sync(reply, renderNode(services))
  })

  app.patch<Named>('/1.0/nodes/:name', (request, reply) => {
    check(request.params.name)
    contract.checkBody('node_patch', request.body)
    node.patch(request.body as NodePatch, machine.facts?.gpus ?? [])
    return accepted(reply, operations.done('Updating node', { nodes: [`/1.0/nodes/${config.node.name}`] }))
  })

  app.post('/1.0/nodes', () => Promise.reject(notSupported('adding nodes: this server is one machine, and that')))
  app.delete('/1.0/nodes/:name', () => Promise.reject(notSupported('removing the only node')))
}
