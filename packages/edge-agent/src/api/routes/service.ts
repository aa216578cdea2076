// GET /, /1.0, /1.0/version, /1.0/config and what else describes the service itself.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { badRequest, notSupported } from '../../errors.ts'
import { version } from '../../system/version.ts'
import { trustOf } from '../access.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import type { Services } from '../services.ts'

/** Features that clients test for; a name stands here only when the whole feature is served. */
const extensions = ['instance_support', 'instance_exec', 'bulk_delete.instances']

export function serviceRoutes(
  app: FastifyInstance,
  { config, settings, operations, revocation }: Services,
  contract: Contract,
): void {
  app.get('/', { config: { open: true } }, (_request, reply) => sync(reply, ['/1.0']))

  app.get('/1.0', { config: { open: true } }, async (request, reply) =>
    sync(reply, {
      api_extensions: extensions,
      api_status: 'stable',
      api_version: '1.0',
      auth: (await trustOf(request, revocation)).trusted ? 'trusted' : 'untrusted',
      auth_methods: ['2waySSL'],
      auth_permissions: {},
      cluster_id: createHash('sha256').update(config.node.name).digest('hex').slice(0, 20),
      cluster_name: config.node.name,
    }),
  )

  app.get('/1.0/version', { config: { open: true } }, (_request, reply) => sync(reply, { version }))

  app.get('/1.0/config', (_request, reply) => sync(reply, { config: settings.all() }))

  app.patch('/1.0/config', async (request, reply) => {
    contract.checkBody('config_patch', request.body)
    const { name, value } = request.body as { name?: string | null; value?: string | null }
    if (!name) throw badRequest('name is missing: one config item at a time, {"name": …, "value": …}')
    await settings.set(name, value ?? '')
    const operation = operations.create({ description: 'Updating configuration', resources: {} })
    operations.succeed(operation.id)
    return accepted(reply, operations.get(operation.id))
  })

  app.get('/1.0/tasks', (_request, reply) => sync(reply, []))

  // Known paths of AMS that are refused whole, so that a client can tell "never here" from a mistyped path.
  for (const [feature, paths] of Object.entries(refused)) {
    for (const path of paths) app.all(path, () => Promise.reject(notSupported(feature)))
  }
}

const refused: Record<string, string[]> = {
  applications: ['/1.0/applications', '/1.0/applications/*'],
  addons: ['/1.0/addons', '/1.0/addons/*'],
  containers: ['/1.0/containers', '/1.0/containers/*'],
  'identities, groups and permissions': ['/1.0/auth/*'],
  'the application registry': ['/1.0/registry/*'],
  metrics: ['/1.0/metrics'],
  'events over a token': ['/1.0/events/auth'],
}
