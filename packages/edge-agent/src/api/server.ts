// Where the API listens: HTTPS with client certificates, TLS 1.3 only, and a unix socket for this machine's root.
//
// Client certificates are requested, not required: Canonical's Go client first calls without one, and `GET /1.0` tells an
// untrusted client so.

import { chmodSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { FastifyInstance, FastifyServerFactory } from 'fastify'
import type { Config } from '../config.ts'
import { ConfigurationError } from '../errors.ts'
import { buildApp } from './app.ts'
import { Contract } from './contract.ts'
import { ExecSessions } from './exec/session.ts'
import { Metrics } from './metrics.ts'
import type { Services } from './services.ts'
import { TlsServer } from './tls-server.ts'

export class ApiServer {
  readonly #apps: FastifyInstance[]

  private constructor(apps: FastifyInstance[]) {
    this.#apps = apps
  }

  /** @throws ConfigurationError where an address is taken or a certificate cannot be read. */
  static async listen(config: Config, services: Services): Promise<ApiServer> {
    const contract = new Contract()
    const sessions = new ExecSessions()
    const metrics = new Metrics(services)
    const build = (factory: FastifyServerFactory) =>
      buildApp(services, contract, sessions, metrics, { serverFactory: factory }) as Promise<FastifyInstance>
    const apps: FastifyInstance[] = []
    const unix = await build((handler) => createHttpServer({ requestTimeout: 0 }, handler))
    // The store's lock says that no other agent uses this socket: what lies there is of one that was killed.
    rmSync(config.api.socket, { force: true })
    const umask = process.umask(0o177)
    await unix.listen({ path: config.api.socket })
    process.umask(umask)
    chmodSync(config.api.socket, 0o600)
    apps.push(unix)
    if (config.api.certificate) {
      const app = await build((handler) => new TlsServer(services.trust, handler).http)
      const { address, port } = config.api
      try {
        await app.listen({ host: address, port })
      } catch (error) {
        await unix.close()
        throw new ConfigurationError(
          `api.address and api.port: cannot listen on ${address}:${port} (${(error as Error).message})`,
        )
      }
      apps.push(app)
    }
    return new ApiServer(apps)
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.close()))
  }
}
