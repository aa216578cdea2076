// For the tests: an authority, a server of it in this process, and machines.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authority, type Credential, createAuthority } from '../index.ts'
import type { EnrolOptions } from './enrol.ts'
import type { EnrolmentEvent } from './registrar.ts'
import { type EnrolmentServer, type EnrolmentServerOptions, startEnrolmentServer, storesOf } from './server.ts'
import type { TokenRequest, TokenStore } from './token.ts'

export type Scene = {
  base: string
  authority: Authority
  tokens: TokenStore
  credential: Credential
  server: EnrolmentServer
  url: string
  events: EnrolmentEvent[]
  /** A token and the options of a machine that has a directory of its own. */
  machine(request?: Partial<TokenRequest>): Promise<EnrolOptions>
  /** A server with other options, at the same address. */
  restart(options?: Partial<EnrolmentServerOptions>): Promise<void>
  close(): Promise<void>
}

/** ECDSA unless said: the tests are many, and RSA keys are slow. */
export async function setScene(options: Partial<EnrolmentServerOptions> = {}): Promise<Scene> {
  const base = mkdtempSync(join(tmpdir(), 'pki-enrolment-'))
  const authority = await createAuthority(join(base, 'pki'), { key: 'ecdsa-p256' })
  const names = { dns: ['localhost'], ip: ['127.0.0.1'] }
  const credential = await authority.issue({ kind: 'server', name: 'est', ...names })
  const { tokens } = storesOf(authority)
  const events: EnrolmentEvent[] = []
  const start = (more: Partial<EnrolmentServerOptions> = {}) => {
    const onError = (error: unknown) => console.error('server:', error)
    const { certificate, key } = credential
    const onEvent = (event: EnrolmentEvent) => events.push(event)
    return startEnrolmentServer({ authority, certificate, key, onEvent, onError, ...options, ...more })
  }
  let machines = 0
  const server = await start()
  const { port } = server
  const scene: Scene = {
    base,
    authority,
    tokens,
    credential,
    server,
    url: `https://localhost:${port}`,
    events,
    async machine(request = {}) {
      machines += 1
      const name = request.name ?? `m${machines}`
      const { token } = await tokens.create({ ...request, name })
      const directory = join(base, `home-${machines}`)
      return { url: scene.url, token, ca: authority.rootCertificate, directory, key: 'ecdsa-p256' }
    },
    async restart(more) {
      await scene.server.close()
      scene.server = await start({ port, ...more })
    },
    async close() {
      await scene.server.close()
      rmSync(base, { recursive: true })
    },
  }
  return scene
}
