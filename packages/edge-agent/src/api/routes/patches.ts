// /1.0/edge/patches: what is being patched on this machine, and what an administrator may say about it. The agent's own
// extension of the API, `edge_patches`.
import type { FastifyInstance } from 'fastify'
import { badRequest } from '../../errors.ts'
import { renderPatches } from '../../patch/render.ts'
import { sync } from '../envelope.ts'
import type { Services } from '../services.ts'

type Action = {
  action?: string
  patch?: string
  what?: string
  /** RFC 3339. */
  until?: string
  reason?: string
}

type Question = { package?: string; version?: string; bulletin?: string }

export function patchRoutes(app: FastifyInstance, { patching, attestation }: Services): void {
  app.get('/1.0/edge/attestation', async (_request, reply) => sync(reply, await attestation.signed()))

  app.get<{ Querystring: Question }>('/1.0/edge/lacking', async ({ query }, reply) => {
    const { package: name = '', version = '', bulletin = '' } = query
    if (bulletin ? name : !(name && version))
      throw badRequest('ask for package and version, or for bulletin (an Android patch level such as 2026-11-05)')
    return sync(reply, await attestation.lacking(bulletin ? { bulletin } : { name, version }))
  })

  app.get('/1.0/edge/patches', (_request, reply) => sync(reply, renderPatches(patching)))

  app.post<{ Body: Action | null }>('/1.0/edge/patches', async ({ body }, reply) => {
    const { action, patch = '', what = '', until = '', reason = '' } = body ?? {}
    switch (action) {
      case 'check':
        patching.check()
        break
      case 'apply':
        patching.apply(patch)
        break
      case 'hold': {
        const end = Date.parse(until)
        if (!(end > Date.now())) throw badRequest('until must be a time to come, such as 2030-01-31T12:00:00Z')
        patching.hold(what, end, reason)
        break
      }
      case 'unhold':
        patching.unhold(what)
        break
      case 'forgive':
        patching.patches.forgive(patch)
        break
      case 'unlock':
        await patching.unlock()
        break
      default:
        throw badRequest('action must be check, apply, hold, unhold, forgive or unlock')
    }
    return sync(reply, renderPatches(patching))
  })
}
