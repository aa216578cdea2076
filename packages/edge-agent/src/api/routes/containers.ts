// /1.0/containers: instances under their old name, deprecated by AMS since 1.20. The same records answer.
import { createReadStream } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { sizeText } from '../../catalogue/size.ts'
import { badRequest, notFound } from '../../errors.ts'
import type { Change } from '../../host/instances.ts'
import type { Launch } from '../../host/launch.ts'
import type { InstanceRecord } from '../../store/records.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { flag, page, type Query, recursive, text } from '../query.ts'
import { renderInstance } from '../render/instance.ts'
import type { Services } from '../services.ts'
import { filterOf } from './instances.ts'

type Named = { Params: { id: string; name: string }; Querystring: Query }
/** AMS's ContainersPost: what InstancesPost has, with the resources at the top. */
type ContainersPost = Omit<Launch, 'resources' | 'type' | 'source'> & {
  cpus?: number | null
  memory?: number | null
  disk_size?: number | null
  'gpu-slots'?: number | null
  'vpu-slots'?: number | null
  instance_type?: string | null
}

export function containerRoutes(app: FastifyInstance, { instances, logs, config }: Services, contract: Contract): void {
  const render = (record: InstanceRecord) => {
    const { status_message: _message, config: own, resources, ...rest } = renderInstance(record, config)
    const { display: _display, security: _security, ...common } = own
    return {
      ...rest,
      type: record.base ? 'base' : 'regular',
      config: common,
      resources: {
        cpus: resources.cpus,
        memory: sizeText(resources.memory),
        'disk-size': sizeText(resources['disk-size']),
        'gpu-slots': resources['gpu-slots'],
      },
    }
  }
  const urlOf = ({ id }: InstanceRecord) => `/1.0/containers/${id}`

  app.get<Named>('/1.0/containers', ({ query }, reply) => {
    const kind = text(query, 'type')
    if (kind && kind !== 'base' && kind !== 'regular') throw badRequest(`?type= must be base or regular, not "${kind}"`)
    const filter = filterOf({ ...query, type: undefined }, config.node.name)
    const { items, total } = page(
      query,
      instances.list().filter((one) => filter(one) && (!kind || one.base === (kind === 'base'))),
    )
    return sync(reply, recursive(query) ? items.map(render) : items.map(urlOf), total)
  })

  app.post<Named>('/1.0/containers', (request, reply) => {
    contract.checkBody('containers_post', request.body)
    const {
      cpus,
      memory,
      disk_size,
      instance_type,
      'gpu-slots': gpu,
      'vpu-slots': vpu,
      ...rest
    } = request.body as ContainersPost
    const old = /^([ag])(\d{1,2})\.3$/.exec(instance_type ?? '')
    if (instance_type && !old)
      throw badRequest(`instance_type must be one of a2.3 to a10.3 and g2.3 to g10.3, not "${instance_type}"`)
    const resources = {
      cpus: cpus || (old ? Number(old[2]) : null),
      memory: memory ?? null,
      disk_size: disk_size ?? null,
      'gpu-slots': gpu || (old?.[1] === 'g' ? 1 : null),
      'vpu-slots': vpu ?? null,
    }
    return accepted(
      reply,
      instances.launch({ ...rest, resources }, flag(request.query, 'no_wait') ?? false, 'containers'),
    )
  })

  app.delete<Named>('/1.0/containers', (request, reply) => {
    contract.checkBody('containers_delete', request.body)
    const { ids } = request.body as { ids?: string[] | null }
    if (!ids?.length) throw badRequest('ids is missing: name the containers to delete')
    return accepted(reply, instances.delete(ids, 'containers'))
  })

  app.get<Named>('/1.0/containers/:id', ({ params }, reply) => sync(reply, render(instances.get(params.id))))

  app.patch<Named>('/1.0/containers/:id', (request, reply) => {
    contract.checkBody('container_patch', request.body)
    const noWait = flag(request.query, 'no_wait') ?? false
    return accepted(reply, instances.change(request.params.id, request.body as Change, noWait, 'containers'))
  })

  app.delete<Named>('/1.0/containers/:id', (request, reply) => {
    if (request.body != null) contract.checkBody('container_delete', request.body)
    return accepted(reply, instances.delete([request.params.id], 'containers'))
  })

  app.get<Named>('/1.0/containers/:id/logs', ({ params }, reply) => {
    const record = instances.get(params.id)
    return sync(
      reply,
      logs.list(record.id).map((name) => `${urlOf(record)}/logs/${name}`),
    )
  })

  app.get<Named>('/1.0/containers/:id/logs/:name', ({ params }, reply) => {
    const path = logs.path(instances.get(params.id).id, params.name)
    if (!path) throw notFound('log', params.name)
    return reply.type('application/octet-stream').send(createReadStream(path))
  })
}
