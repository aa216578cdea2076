// /1.0/addons: add, list, get, update, delete.
import type { FastifyInstance } from 'fastify'
import { Packages } from '../../catalogue/packages.ts'
import { badRequest, notFound } from '../../errors.ts'
import type { AddonRecord } from '../../store/records.ts'
import { uploadRequest } from '../body.ts'
import { accepted, sync } from '../envelope.ts'
import { type Query, recursive } from '../query.ts'
import { renderAddon } from '../render/application.ts'
import type { Services } from '../services.ts'
import { withUpload } from '../upload.ts'

type Named = { Params: { name: string; version: string }; Querystring: Query }

export function addonRoutes(app: FastifyInstance, { addons, spool }: Services): void {
  const render = (addon: AddonRecord) => renderAddon(addon, addons.usedBy(addon.id))

  app.get<Named>('/1.0/addons', ({ query }, reply) => {
    const all = addons.list()
    return sync(reply, recursive(query) ? all.map(render) : all.map(({ id }) => `/1.0/addons/${id}`), all.length)
  })

  app.post('/1.0/addons', (request, reply) =>
    withUpload(request, spool, Packages.refusal, async ({ spooled, signal }) => {
      const { name } = uploadRequest(request)
      if (typeof name !== 'string') throw badRequest('give the addon its name in X-AMS-Request as {"name": …}')
      return accepted(reply, await addons.add(name, spooled, signal))
    }),
  )

  app.get<Named>('/1.0/addons/:name', ({ params }, reply) => sync(reply, render(addons.get(params.name))))

  app.patch<Named>('/1.0/addons/:name', (request, reply) =>
    withUpload(request, spool, Packages.refusal, async ({ spooled, signal }) =>
      accepted(reply, await addons.update(request.params.name, spooled, signal)),
    ),
  )

  app.delete<Named>('/1.0/addons/:name', ({ params }, reply) => accepted(reply, addons.delete(params.name)))

  app.delete<Named>('/1.0/addons/:name/:version', ({ params: { name, version } }, reply) => {
    if (!/^\d{1,9}$/.test(version)) throw notFound('addon version', `${name}@${version}`)
    return accepted(reply, addons.deleteVersion(name, Number(version)))
  })
}
