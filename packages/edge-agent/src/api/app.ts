// The API as one fastify application; it is served twice, over TLS and over the unix socket.

import type { Socket } from 'node:net'
import { AnboxError, UnavailableError } from '@anbox/sdk'
import websocket from '@fastify/websocket'
import fastify, { type ConnectionError, type FastifyError, type FastifyServerOptions } from 'fastify'
import { ApiError } from '../errors.ts'
import { addAccess } from './access.ts'
import { addBodyParsers } from './body.ts'
import type { Contract } from './contract.ts'
import { failed } from './envelope.ts'
import type { ExecSessions } from './exec/session.ts'
import type { Metrics } from './metrics.ts'
import { addonRoutes } from './routes/addons.ts'
import { applicationRoutes } from './routes/applications.ts'
import { authRoutes } from './routes/auth.ts'
import { certificateRoutes } from './routes/certificates.ts'
import { containerRoutes } from './routes/containers.ts'
import { eventRoutes } from './routes/events.ts'
import { execRoutes } from './routes/exec.ts'
import { imageRoutes } from './routes/images.ts'
import { instanceRoutes } from './routes/instances.ts'
import { nodeRoutes } from './routes/nodes.ts'
import { operationRoutes } from './routes/operations.ts'
import { patchRoutes } from './routes/patches.ts'
import { serviceRoutes } from './routes/service.ts'
import type { Services } from './services.ts'

/** Bytes of one websocket message; exec data comes in pieces of some 10 KiB. */
const maxPayload = 8 * 2 ** 20

export async function buildApp(
  services: Services,
  contract: Contract,
  sessions: ExecSessions,
  metrics: Metrics,
  options: FastifyServerOptions,
) {
  const app = fastify({
    ...options,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    // Longer than any request line that Node takes: a long name is one that is not there.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 65_536 },
    frameworkErrors: (error, _request, reply) => {
      failed(reply, error.statusCode ?? 400, `the path cannot be read: ${error.message}`)
    },
    forceCloseConnections: true,
    // An upload may take as long as its line needs.
    requestTimeout: 0,
    exposeHeadRoutes: false,
    clientErrorHandler: answerBroken,
  })
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const [status, message] = describe(error)
    if (status === 500)
      services.log.error(
        { request: `${request.method} ${request.url.replace(/\?.*/, '')}`, error: error.stack },
        'a request failed',
      )
    return failed(reply, status, message)
  })
  app.setNotFoundHandler((request, reply) =>
    failed(reply, 404, `${request.method} ${request.url.replace(/\?.*/, '')} is not a call of this API`),
  )
  addBodyParsers(app)
  await app.register(websocket, { options: { maxPayload } })
  metrics.watch(app)
  addAccess(app, services)
  app.addHook('preHandler', async ({ params }) => {
    for (const [key, value] of Object.entries((params ?? {}) as Record<string, string>)) {
      if (key !== '*' && /[/\0]/.test(value))
        throw new ApiError(400, `the name ${JSON.stringify(value)} has a slash in it: names have none`)
    }
  })
  serviceRoutes(app, services, contract, metrics)
  instanceRoutes(app, services, contract)
  containerRoutes(app, services, contract)
  execRoutes(app, sessions, services, contract)
  imageRoutes(app, services, contract)
  applicationRoutes(app, services, contract)
  addonRoutes(app, services)
  authRoutes(app, services, contract)
  nodeRoutes(app, services, contract)
  operationRoutes(app, services)
  patchRoutes(app, services)
  eventRoutes(app, services)
  certificateRoutes(app, services, contract)
  return app
}

/** What is not HTTP gets its answer in the envelope too, and the connection ends. */
function answerBroken(error: ConnectionError, socket: Socket): void {
  const timeout = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const [status, reason] = timeout ? [408, 'Request Timeout'] : [400, 'Bad Request']
  const said = timeout ? 'the request did not come in time' : `this is not HTTP: ${error.code ?? error.message}`
  const body = JSON.stringify({ type: 'error', error: said, error_code: status, metadata: {} })
  // In the middle of another answer, this one would be taken for the rest of it. Node keeps that one here.
  const { _httpMessage: under } = socket as Socket & { _httpMessage?: { headersSent: boolean } | null }
  if (socket.writable && !under?.headersSent)
    socket.write(
      `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    )
  socket.destroySoon()
}

function describe(error: FastifyError): [number, string] {
  if (error instanceof ApiError) return [error.status, error.message]
  if (error instanceof UnavailableError)
    return [503, `LXD does not answer (${error.message}): try again when GET /1.0/nodes says online`]
  if (error instanceof AnboxError) return [500, `LXD: ${error.message}`]
  if (error.statusCode !== undefined && error.statusCode < 500) return [error.statusCode, error.message]
  return [500, 'the agent made a mistake: its log has the details']
}
