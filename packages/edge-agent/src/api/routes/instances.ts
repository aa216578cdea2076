// /1.0/instances: launch, list, get, start, stop, delete, logs.
import { createReadStream } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { badRequest, notFound, notSupported } from '../../errors.ts'
import type { Change } from '../../host/instances.ts'
import type { Launch } from '../../host/launch.ts'
import type { InstanceRecord } from '../../store/records.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { flag, page, type Query, recursive, text } from '../query.ts'
import { renderInstance, statusOf } from '../render/instance.ts'
import type { Services } from '../services.ts'

type Named = { Params: { id: string; name: string }; Querystring: Query }

export function instanceRoutes(app: FastifyInstance, { instances, logs, config }: Services, contract: Contract): void {
  const render = (record: InstanceRecord) => renderInstance(record, config)

  app.get<Named>('/1.0/instances', ({ query }, reply) => {
    const { items, total } = page(query, instances.list().filter(filterOf(query, config.node.name)))
    return sync(reply, recursive(query) ? items.map(render) : items.map(({ id }) => `/1.0/instances/${id}`), total)
  })

  app.post<Named>('/1.0/instances', (request, reply) => {
    contract.checkBody('instances_post', request.body)
    return accepted(reply, instances.launch(request.body as Launch, flag(request.query, 'no_wait') ?? false))
  })

  app.delete<Named>('/1.0/instances', (request, reply) => {
    contract.checkBody('instances_delete', request.body)
    const { ids } = request.body as { ids?: string[] | null }
    if (!ids?.length) throw badRequest('ids is missing: name the instances to delete')
    return accepted(reply, instances.delete(ids))
  })

  app.get<Named>('/1.0/instances/:id', ({ params }, reply) => sync(reply, render(instances.get(params.id))))

  app.patch<Named>('/1.0/instances/:id', (request, reply) => {
    contract.checkBody('instance_patch', request.body)
    return accepted(
      reply,
      instances.change(request.params.id, request.body as Change, flag(request.query, 'no_wait') ?? false),
    )
  })

  app.delete<Named>('/1.0/instances/:id', (request, reply) => {
    if (request.body !== undefined) contract.checkBody('instance_delete', request.body)
    return accepted(reply, instances.delete([request.params.id]))
  })

  app.get<Named>('/1.0/instances/:id/logs', ({ params }, reply) => {
    const { id } = instances.get(params.id)
    return sync(
      reply,
      logs.list(id).map((name) => `/1.0/instances/${id}/logs/${name}`),
    )
  })

  app.get<Named>('/1.0/instances/:id/logs/:name', ({ params }, reply) => {
    const path = logs.path(instances.get(params.id).id, params.name)
    if (!path) throw notFound('log', params.name)
    return reply.type('application/octet-stream').send(createReadStream(path))
  })

  for (const path of ['/1.0/instances/:id/shares', '/1.0/instances/:id/shares/*'])
    app.all(path, () => Promise.reject(notSupported('sharing an instance')))
}

/** AMS's filters: equal, all of them; `tags` wants every tag of the list. */
export function filterOf(query: Query, node: string): (record: InstanceRecord) => boolean {
  const wanted = (name: string) => text(query, name)
  const tests: [string | undefined, (value: string, record: InstanceRecord) => boolean][] = [
    [wanted('id'), (value, { id }) => id === value],
    [wanted('name'), (value, { name }) => name === value],
    [wanted('type'), (value) => value === 'container'],
    [wanted('status'), (value, record) => statusOf(record) === value],
    [wanted('node'), (value) => value === node],
    [wanted('image_id'), (value, { image }) => image.id === value],
    [wanted('image_version'), (value, { image }) => String(image.version) === value],
    [wanted('tags'), (value, { tags }) => value.split(',').every((tag) => tags.includes(tag))],
    [wanted('app_id'), (value, { application }) => application?.id === value],
    [wanted('app_name'), (value, { application }) => application?.name === value],
    [wanted('app_version'), (value, { application }) => String(application?.version) === value],
  ]
  const base = flag(query, 'base')
  return (record) =>
    (base === undefined || record.base === base) &&
    tests.every(([value, test]) => value === undefined || test(value, record))
}
