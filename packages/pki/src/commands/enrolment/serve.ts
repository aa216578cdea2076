import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type Authority, openAuthority } from '../../authority/authority.ts'
import { fingerprintOf, summarize } from '../../authority/certificate.ts'
import { type Credential, loadCredential } from '../../authority/credential.ts'
import { ensureCredential } from '../../authority/ensure.ts'
import { sameNames } from '../../authority/request.ts'
import type { EnrolmentEvent } from '../../enrolment/registrar.ts'
import { startEnrolmentServer } from '../../enrolment/server.ts'
import { credentialsOf } from '../issue.ts'
import { noteKey, type Report } from '../report.ts'

export type ServeOptions = {
  dir: string
  address: string
  port: number
  dns: string[]
  ip: string[]
  grace?: number
  recoveries?: number
}

const name = 'est'
const checkMs = 3_600_000

/** Gives its report when the server listens; the process goes on until SIGTERM or SIGINT. */
export async function serve(options: ServeOptions): Promise<Report> {
  const { dir, address, grace, recoveries } = options
  const authority = await openAuthority(dir)
  let credential = await ownCredential(authority, options)
  const server = await startEnrolmentServer({
    authority,
    address,
    port: options.port,
    certificate: credential.certificate,
    key: credential.key,
    rules: {
      ...(grace !== undefined && { graceSeconds: grace }),
      ...(recoveries !== undefined && { recoveries }),
    },
    onEvent: (event) => note(describe(event)),
    onError: (error) => note(`failed: ${error instanceof Error ? error.message : error}`),
  })

  const renewal = setInterval(async () => {
    try {
      credential = await ownCredential(authority, options)
      server.renew(credential.certificate, credential.key)
    } catch (error) {
      note(`own certificate not renewed: ${error instanceof Error ? error.message : error}`)
    }
  }, checkMs)
  const stop = () => {
    clearInterval(renewal)
    void server.close()
  }
  process.once('SIGTERM', stop).once('SIGINT', stop)

  const url = `https://${isIP(address) === 6 ? `[${address}]` : address}:${server.port}`
  const fingerprint = fingerprintOf(new X509Certificate(authority.rootCertificate))
  return {
    text: [`Listening on ${url}`, `Root SHA-256: ${fingerprint}`],
    json: { url, port: server.port, root: { fingerprint } },
  }
}

/** The server's certificate: the one that is there, or a new one when the names are others or two thirds of it are over. */
async function ownCredential(authority: Authority, { dir, address, dns, ip }: ServeOptions): Promise<Credential> {
  const request = {
    kind: 'server',
    name,
    dns: dns.length > 0 ? dns : ['localhost'],
    ip: ip.length > 0 || address === '0.0.0.0' || address === '::' ? ip : [address],
  } as const
  const there = await loadCredential(credentialsOf(dir), name)
  const onKey = () => noteKey(`"${name}"`, authority.keyType)
  const replace = there !== undefined && !stillGood(there, authority, request)
  const { credential } = await ensureCredential(authority, credentialsOf(dir), request, { replace, onKey })
  return credential
}

function stillGood({ certificate }: Credential, authority: Authority, request: Parameters<Authority['check']>[0]) {
  const found = summarize(certificate)
  const [start, end] = [found.notBefore.getTime(), found.notAfter.getTime()]
  return sameNames(found, authority.check(request)) && Date.now() < start + ((end - start) * 2) / 3
}

function describe({ action, machine, generation, token, reason }: EnrolmentEvent): string {
  const details = [generation && `certificate ${generation}`, token && `token ${token}`, reason].filter(Boolean)
  return `${action}: ${machine}${details.length > 0 ? ` (${details.join(', ')})` : ''}`
}

function note(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`)
}
