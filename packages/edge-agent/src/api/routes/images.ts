// /1.0/images: upload, publish, list, get, update, delete.
import type { FastifyInstance } from 'fastify'
import { Images } from '../../catalogue/images.ts'
import { badRequest, notFound, notSupported } from '../../errors.ts'
import type { ImageRecord } from '../../store/records.ts'
import { uploadOf, uploadRequest } from '../body.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { flag, type Query, recursive, text } from '../query.ts'
import { renderImage } from '../render/image.ts'
import type { Services } from '../services.ts'
import { withUpload } from '../upload.ts'

type Named = { Params: { id: string; version: string }; Querystring: Query }
type ImagesPost = {
  name?: string | null
  path?: string | null
  default?: boolean | null
  type?: string | null
  source?: { type?: string | null; instance?: string | null; force?: boolean | null } | null
}

export function imageRoutes(
  app: FastifyInstance,
  { images, instances, applications, spool, publisher, importer }: Services,
  contract: Contract,
): void {
  const render = (image: ImageRecord) => renderImage(image, instances.list(), applications.list())
  const ofType = (query: Query) => {
    const type = text(query, 'type')
    if (type && type !== 'container' && type !== 'vm') throw badRequest(`?type= must be container or vm, not "${type}"`)
    return type
  }
  const get = (id: string, query: Query) => {
    // There are no images of virtual machines, so none is found as one.
    if (ofType(query) === 'vm') throw notFound('image of a virtual machine', id)
    return images.get(id)
  }

  app.get<Named>('/1.0/images', ({ query }, reply) => {
    const all = images.list()
    // The Go client asks with `default=true` and expects objects without asking for recursion.
    if (flag(query, 'default')) return sync(reply, all.filter((image) => image.default).map(render))
    return sync(reply, recursive(query) ? all.map(render) : all.map(({ id }) => `/1.0/images/${id}`), all.length)
  })

  app.post<Named>('/1.0/images', async (request, reply) => {
    if (!uploadOf(request)) {
      contract.checkBody('image_post_import', request.body)
      const { name, path, source, default: isDefault, type } = request.body as ImagesPost
      if (type === 'vm') throw notSupported('images of virtual machines')
      if (source?.instance)
        return accepted(
          reply,
          publisher.publish(source.instance, name ?? '', isDefault ?? false, source.force ?? false),
        )
      return accepted(reply, importer.import(path ?? '', name ?? '', isDefault ?? false))
    }
    // The body is read to its end before anything is refused: a client that still sends would not see the answer.
    return withUpload(request, spool, Images.refusal, ({ spooled }) => {
      const { name, type, default: isDefault } = uploadRequest(request)
      if (type === 'vm') throw notSupported('images of virtual machines')
      return accepted(reply, images.add(typeof name === 'string' ? name : '', spooled, isDefault === true))
    })
  })

  app.get<Named>('/1.0/images/:id', ({ params, query }, reply) => sync(reply, render(get(params.id, query))))

  app.patch<Named>('/1.0/images/:id', async (request, reply) => {
    const { id } = request.params
    if (uploadOf(request))
      return withUpload(request, spool, Images.refusal, ({ spooled }) =>
        accepted(reply, images.addVersion(id, spooled)),
      )
    contract.checkBody('image_patch_upload', request.body)
    const { default: isDefault, force_sync: forceSync } = request.body as {
      default?: boolean | null
      force_sync?: boolean | null
    }
    if (forceSync) return accepted(reply, importer.sync(id))
    if (isDefault !== true) throw badRequest('nothing to change: {"default": true} and {"force_sync": true} are served')
    return accepted(reply, images.setDefault(id))
  })

  app.delete<Named>('/1.0/images/:id', (request, reply) => {
    if (request.body != null) contract.checkBody('image_delete', request.body)
    return accepted(reply, images.delete(get(request.params.id, request.query).id))
  })

  app.delete<Named>('/1.0/images/:id/:version', ({ params: { id, version } }, reply) => {
    if (!/^\d{1,9}$/.test(version)) throw notFound('image version', `${id}@${version}`)
    return accepted(reply, images.deleteVersion(id, Number(version)))
  })
}
