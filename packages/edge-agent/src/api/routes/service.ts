// GET /, /1.0, /1.0/version, /1.0/config and what else describes the service itself.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { badRequest, notSupported } from '../../errors.ts'
import { version } from '../../system/version.ts'
import { trustOf } from '../access.ts'
import type { Contract } from '../contract.ts'
import { accepted, sync } from '../envelope.ts'
import type { Metrics } from '../metrics.ts'
import type { Services } from '../services.ts'

/** Features that clients test for; a name stands here only when the whole feature is served. */
const extensions = [
  'instance_support',
  'instance_exec',
  'instance_publish',
  'container_exec',
  'container_logs',
  'zip_archive_support',
  'bulk_delete.instances',
  'bulk_delete.containers',
  'bulk_delete.applications',
  'application_manifest_download',
  'application_manifest_version',
  'application_resource_customization',
  'application_services_configuration',
  'application_partial_updates',
  'application_watchdog_settings',
  'application_image_export',
  'application_hooks',
  'addon_restore_hook',
  'addon_backup_hook',
  'auth.groups',
  'metrics_api_endpoint',
  // This agent's own: /1.0/edge/patches, /1.0/edge/attestation, /1.0/edge/lacking.
  'edge_patches',
]

/** What entitlements mean on this server: the one that counts, and what becomes of the others. */
const permissions = {
  server: [
    {
      entitlement_name: 'admin',
      description:
        'May do everything. Other entitlements are stored with their group and have no effect on this server.',
    },
  ],
}

export function serviceRoutes(
  app: FastifyInstance,
  { config, settings, operations, revocation, instances, applications, addons, eventTokens, settingsChanged }: Services,
  contract: Contract,
  metrics: Metrics,
): void {
  app.get('/', { config: { open: true } }, (_request, reply) => sync(reply, ['/1.0']))

  app.get('/1.0', { config: { open: true } }, async (request, reply) =>
    sync(reply, {
      api_extensions: extensions,
      api_status: 'stable',
      api_version: '1.0',
      auth: (await trustOf(request, revocation)).trusted ? 'trusted' : 'untrusted',
      auth_methods: ['2waySSL'],
      auth_permissions: permissions,
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
    // A name that leads nowhere would keep every application from being bootstrapped.
    if (name === 'application.addons')
      for (const one of (value ?? '').split(',')) if (one.trim()) addons.get(one.trim())
    await settings.set(name, value ?? '')
    settingsChanged()
    return accepted(reply, operations.done('Updating configuration', {}))
  })

  // What is being done now: an instance on its way, a version being bootstrapped. What is done is no task any more.
  app.get('/1.0/tasks', (_request, reply) =>
    sync(reply, [
      ...instances.underWay().map(({ id, status, goal }) => ({
        id,
        status: goal === 'deleted' ? 'deleted' : goal === 'stopped' ? 'shutdown' : status,
        object_id: id,
        object_type: 'instance',
      })),
      ...applications.list().flatMap(({ id, versions }) =>
        versions
          .filter(({ status }) => status === 'initializing')
          .map(({ number, stage }) => ({
            id: `${id}-${number}`,
            status: stage === 'waiting' ? 'created' : 'running',
            object_id: id,
            object_type: 'application',
          })),
      ),
    ]),
  )

  app.get('/1.0/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()))

  app.post('/1.0/events/auth', (_request, reply) => sync(reply, { token: eventTokens.issue() }))

  // Known paths of AMS that are refused whole, so that a client can tell "never here" from a mistyped path.
  for (const [feature, paths] of Object.entries(refused)) {
    for (const path of paths) app.all(path, () => Promise.reject(notSupported(feature)))
  }
}

const refused: Record<string, string[]> = {
  'the application registry': ['/1.0/registry/*'],
}
