// /1.0/applications: create, list, get, update, publish, export, delete.
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { stringify } from 'yaml'
import type { ApplicationPatch } from '../../catalogue/application-patch.ts'
import { manifestFields } from '../../catalogue/manifest.ts'
import { Packages } from '../../catalogue/packages.ts'
import { badRequest, notFound, notSupported } from '../../errors.ts'
import type { ApplicationRecord, ApplicationVersion } from '../../store/records.ts'
import { uploadOf } from '../body.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { count, flag, page, type Query, recursive, text } from '../query.ts'
import { renderApplication } from '../render/application.ts'
import type { Services } from '../services.ts'
import { withUpload } from '../upload.ts'

type Named = { Params: { id: string; version: string }; Querystring: Query }

export function applicationRoutes(
  app: FastifyInstance,
  { applications, spool, exporter }: Services,
  contract: Contract,
): void {
  const numbered = (id: string, given: string): [ApplicationRecord, ApplicationVersion] => {
    const application = applications.get(id)
    if (!/^\d{1,9}$/.test(given)) throw notFound('application version', `${application.name}@${given}`)
    return [application, applications.version(application, Number(given))]
  }
  const raw = (reply: FastifyReply, { manifest }: ApplicationVersion) => {
    const yaml = stringify(manifestFields(manifest))
    reply.type('application/octet-stream')
    reply.header('x-ams-manifestsha256', createHash('sha256').update(yaml).digest('hex'))
    return yaml
  }
  const manifest = (reply: FastifyReply, version: ApplicationVersion) => reply.send(raw(reply, version))

  app.get<Named>('/1.0/applications', ({ query }, reply) => {
    const { items, total } = page(query, applications.list().filter(filterOf(query)))
    return sync(
      reply,
      recursive(query) ? items.map(renderApplication) : items.map(({ id }) => `/1.0/applications/${id}`),
      total,
    )
  })

  app.post<Named>('/1.0/applications', (request, reply) =>
    withUpload(request, spool, Packages.refusal, async ({ spooled, signal }) => {
      if (flag(request.query, 'vm')) throw notSupported('applications in virtual machines')
      return accepted(reply, await applications.create(spooled, signal))
    }),
  )

  app.delete<Named>('/1.0/applications', (request, reply) => {
    contract.checkBody('applications_delete', request.body)
    const { ids } = request.body as { ids?: string[] | null }
    if (!ids?.length) throw badRequest('ids is missing: name the applications to delete')
    return accepted(reply, applications.delete(ids))
  })

  app.get<Named>('/1.0/applications/:id', ({ params }, reply) =>
    sync(reply, renderApplication(applications.get(params.id))),
  )

  app.patch<Named>('/1.0/applications/:id', async (request, reply) => {
    const { id } = request.params
    if (uploadOf(request))
      return withUpload(request, spool, Packages.refusal, async ({ spooled, signal }) =>
        accepted(reply, await applications.upload(id, spooled, signal)),
      )
    // JSON without a body: the same package again, with what has changed around it.
    if (request.body == null) return accepted(reply, applications.rebuild(id))
    contract.checkBody('application_patch_upload', request.body)
    return accepted(reply, applications.update(id, request.body as ApplicationPatch))
  })

  app.delete<Named>('/1.0/applications/:id', (request, reply) => {
    if (request.body != null) contract.checkBody('application_delete', request.body)
    return accepted(reply, applications.delete([request.params.id]))
  })

  app.get<Named>('/1.0/applications/:id/manifest', ({ params }, reply) =>
    manifest(reply, applications.get(params.id).versions.at(-1) ?? missing()),
  )

  app.get<Named>('/1.0/applications/:id/:version/manifest', ({ params }, reply) =>
    manifest(reply, numbered(params.id, params.version)[1]),
  )

  app.get<Named>('/1.0/applications/:id/:version', async ({ params }, reply) => {
    const [application, version] = numbered(params.id, params.version)
    raw(reply, version)
    return reply
      .header(
        'content-disposition',
        `attachment; filename="${encodeURIComponent(application.name)}_${version.number}.tar.bz2"`,
      )
      .send(await exporter.export(version))
  })

  app.patch<Named>('/1.0/applications/:id/:version', (request, reply) => {
    contract.checkBody('application_version_patch', request.body)
    const [{ id }, { number }] = numbered(request.params.id, request.params.version)
    return accepted(reply, applications.publish(id, number, (request.body as { published: boolean }).published))
  })

  app.delete<Named>('/1.0/applications/:id/:version', (request, reply) => {
    if (request.body != null) contract.checkBody('application_version_delete', request.body)
    const [{ id }, { number }] = numbered(request.params.id, request.params.version)
    return accepted(reply, applications.deleteVersion(id, number))
  })
}

function missing(): never {
  throw notFound('application version', 'latest')
}

/** AMS's filters: equal, all of them; lists want each of theirs. `name` may be a pattern with `*`. */
function filterOf(query: Query): (application: ApplicationRecord) => boolean {
  const wanted = (name: string) => text(query, name)
  const every = (value: string, all: readonly string[]) => value.split(',').every((one) => all.includes(one))
  const tests: [string | undefined, (value: string, one: ReturnType<typeof renderApplication>) => boolean][] = [
    [wanted('id'), (value, { id }) => id === value],
    [wanted('name'), (value, { name }) => matches(value, name)],
    [wanted('instance_type'), (value, { instance_type: type }) => type === value],
    [wanted('status'), (value, { status }) => status === value],
    [wanted('boot_package'), (value, { boot_package: name }) => name === value],
    [wanted('abi'), (value, { abi }) => abi === value],
    [wanted('parent_image_variant'), (value, one) => one.parent_image_variant === value],
    [wanted('addons'), (value, { addons }) => every(value, addons)],
    [wanted('tags'), (value, { tags }) => every(value, tags)],
  ]
  const flags: [boolean | undefined, 'immutable' | 'inhibit_auto_updates' | 'published'][] = (
    ['immutable', 'inhibit_auto_updates', 'published'] as const
  ).map((name) => [flag(query, name), name])
  count(query, 'entitlements', 0)
  return (application) => {
    const rendered = renderApplication(application)
    return (
      tests.every(([value, test]) => value === undefined || test(value, rendered)) &&
      flags.every(([value, name]) => value === undefined || rendered[name] === value)
    )
  }
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}
