// /1.0/auth: identities, groups, and what the caller may do.
import type { FastifyInstance } from 'fastify'
import { notSupported } from '../../errors.ts'
import type { GroupRecord, IdentityRecord } from '../../store/records.ts'
import { adminGroup, type GroupPut, type IdentityPost } from '../../trust/identities.ts'
import { trustOf } from '../access.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import { page, type Query, recursive, text } from '../query.ts'
import type { Services } from '../services.ts'

type Named = { Params: { id: string }; Querystring: Query }

export function authRoutes(app: FastifyInstance, { identities, revocation }: Services, contract: Contract): void {
  const renderIdentity = (identity: IdentityRecord) => ({
    id: identity.id,
    name: identity.name,
    groups: identity.groups,
    authentication_method: identity.method,
    created_at: identity.createdAt,
    updated_at: identity.updatedAt,
    fingerprint: identity.fingerprint,
    email: identity.email,
    certificate: identities.certificateOf(identity),
    entitlements: [],
  })
  const renderGroup = (group: GroupRecord) => ({
    name: group.id,
    description: group.description,
    created_at: group.createdAt,
    updated_at: group.updatedAt,
    identities: identities.members(group.id),
    permissions: group.permissions,
    immutable: group.id === adminGroup,
    entitlements: [],
  })

  app.get<Named>('/1.0/auth/identities', ({ query }, reply) => {
    const [id, method] = [text(query, 'id'), text(query, 'auth_type')]
    const all = identities.list().filter((one) => (!id || one.id === id) && (!method || one.method === method))
    const { items, total } = page(query, all)
    return sync(
      reply,
      recursive(query) ? items.map(renderIdentity) : items.map((one) => `/1.0/auth/identities/${one.id}`),
      total,
    )
  })
  app.post('/1.0/auth/identities', (request, reply) => {
    contract.checkBody('identity_post', request.body)
    return accepted(reply, identities.create(request.body as IdentityPost))
  })
  app.get<Named>('/1.0/auth/identities/:id', ({ params }, reply) =>
    sync(reply, renderIdentity(identities.get(params.id))),
  )
  app.put<Named>('/1.0/auth/identities/:id', (request, reply) => {
    contract.checkBody('identities_put', request.body)
    const { groups } = request.body as { groups?: string[] | null }
    return accepted(reply, identities.setGroups(request.params.id, groups ?? []))
  })
  app.delete<Named>('/1.0/auth/identities/:id', ({ params }, reply) => accepted(reply, identities.delete(params.id)))

  app.get<Named>('/1.0/auth/groups', ({ query }, reply) => {
    const name = text(query, 'name')
    const { items, total } = page(
      query,
      identities.groups().filter(({ id }) => !name || id.includes(name)),
    )
    return sync(
      reply,
      recursive(query) ? items.map(renderGroup) : items.map(({ id }) => `/1.0/auth/groups/${id}`),
      total,
    )
  })
  app.post('/1.0/auth/groups', (request, reply) => {
    contract.checkBody('auth_groups_post', request.body)
    const { name, description } = request.body as { name: string; description?: string | null }
    return accepted(reply, identities.createGroup(name, description ?? ''))
  })
  app.get<Named>('/1.0/auth/groups/:id', ({ params }, reply) => sync(reply, renderGroup(identities.group(params.id))))
  app.put<Named>('/1.0/auth/groups/:id', (request, reply) => {
    contract.checkBody('group_put', request.body)
    return accepted(reply, identities.updateGroup(request.params.id, request.body as GroupPut))
  })
  app.delete<Named>('/1.0/auth/groups/:id', (request, reply) => {
    const { force } = (request.body ?? {}) as { force?: boolean | null }
    return accepted(reply, identities.deleteGroup(request.params.id, force ?? false))
  })

  app.get('/1.0/auth/permissions', { config: { anybody: true } }, async (request, reply) => {
    const verdict = await trustOf(request, revocation)
    return sync(reply, identities.permissionsOf(verdict.trusted ? verdict.fingerprint : ''))
  })

  app.get('/1.0/auth/oidc', { config: { open: true } }, () =>
    Promise.reject(notSupported('an OIDC provider is not configured, and that is')),
  )
}
