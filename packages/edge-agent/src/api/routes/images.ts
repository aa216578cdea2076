// /1.0/images: upload, list, get, delete, choose the default.
import type { FastifyInstance } from 'fastify'
import { badRequest, notSupported } from '../../errors.ts'
import type { ImageRecord } from '../../store/records.ts'
import { uploadOf, uploadRequest } from '../body.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { flag, type Query, recursive, text } from '../query.ts'
import { renderImage } from '../render/image.ts'
import type { Services } from '../services.ts'

type Named = { Params: { id: string }; Querystring: Query }

export function imageRoutes(
  app: FastifyInstance,
  { images, instances, operations }: Services,
  contract: Contract,
): void {
  const render = (image: ImageRecord) => renderImage(image, instances.list())

  app.get<Named>('/1.0/images', ({ query }, reply) => {
    const all = images.list()
    // The Go client asks with `default=true` and expects objects without asking for recursion.
    if (flag(query, 'default')) return sync(reply, all.filter((image) => image.default).map(render))
    return sync(reply, recursive(query) ? all.map(render) : all.map(({ id }) => `/1.0/images/${id}`), all.length)
  })

  app.post<Named>('/1.0/images', async (request, reply) => {
    const upload = uploadOf(request)
    if (!upload) throw notSupported('importing an image from an image server, or from an instance,')
    // The body is read to its end before anything is refused: a client that still sends would not see the answer.
    const asked = uploadRequest(request)
    const signal = AbortSignal.timeout(3600_000)
    const fingerprint = request.headers['x-ams-fingerprint']
    const spooled = await images.receive(upload, typeof fingerprint === 'string' ? fingerprint : undefined, signal)
    if (asked.type === 'vm') throw notSupported('images of virtual machines')
    return accepted(
      reply,
      images.add(typeof asked.name === 'string' ? asked.name : '', spooled, asked.default === true),
    )
  })

  app.get<Named>('/1.0/images/:id', ({ params, query }, reply) => {
    text(query, 'type')
    return sync(reply, render(images.get(params.id)))
  })

  app.patch<Named>('/1.0/images/:id', (request, reply) => {
    if (uploadOf(request)) throw notSupported('further versions of an image')
    contract.checkBody('image_patch_upload', request.body)
    const { default: isDefault, force_sync: forceSync } = request.body as {
      default?: boolean | null
      force_sync?: boolean | null
    }
    if (forceSync) throw notSupported('synchronising an image with an image server')
    if (isDefault !== true) throw badRequest('nothing to change: only {"default": true} is served')
    images.setDefault(request.params.id)
    const operation = operations.create({
      description: 'Updating image',
      resources: { images: [`/1.0/images/${images.get(request.params.id).id}`] },
    })
    operations.succeed(operation.id)
    return accepted(reply, operations.get(operation.id))
  })

  app.delete<Named>('/1.0/images/:id', ({ params }, reply) => accepted(reply, images.delete(params.id)))

  app.delete<Named>('/1.0/images/:id/:version', () => Promise.reject(notSupported('deleting one version of an image')))
}
