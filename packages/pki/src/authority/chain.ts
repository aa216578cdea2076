// Whether a certificate is to be trusted. OpenSSL decides, through its command: Node's node:crypto cannot build a chain,
// a TLS handshake in this process would need the private key of the certificate in question, and what a JavaScript
// parser would accept is not what the servers and clients of a deployment accept, which are OpenSSL, Go and BoringSSL.
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { InvalidRequestError, OpensslMissingError } from '../errors.ts'
import { splitPem } from './certificate.ts'
import type { Kind } from './request.ts'

export type ChainRequest = {
  /** PEM: the leaf, then what leads to the root. */
  certificate: string
  /** PEM: the one trust anchor, or several while roots are changed. Nothing that the system trusts counts. */
  root: string
  /** What the leaf is used as. */
  purpose: Kind
  /** DNS name or IP address that a server must be named in its alternative names. */
  name?: string
  /** The time to judge at; now unless said. */
  at?: Date
}
export type Verdict = { ok: true } | { ok: false; reason: string }

const run = promisify(execFile)
const timeoutMs = 20_000
/** More is no chain of ours, and would cost time. */
const mostCertificates = 10

/**
 * Verifies a chain: signatures, times, CA rights, purpose, key strength (112 bits and up), RFC 5280's strict rules.
 * Revocation is not looked at.
 * @throws {OpensslMissingError} without the `openssl` command
 * @throws {InvalidRequestError} when `root` holds no certificate
 */
export async function verifyChain({ certificate, root, purpose, name, at }: ChainRequest): Promise<Verdict> {
  const anchors = parse(root)
  if (!anchors?.length) throw new InvalidRequestError('root holds no certificate in PEM')
  const chain = parse(certificate)
  const [leaf, ...others] = chain ?? []
  if (!leaf) return { ok: false, reason: 'not a certificate in PEM' }
  if (others.length >= mostCertificates) return { ok: false, reason: `more than ${mostCertificates} certificates` }
  if (name !== undefined && !isNamed(leaf, name)) return { ok: false, reason: `the certificate is not for ${name}` }

  const directory = await mkdtemp(join(tmpdir(), 'anbox-pki-'))
  try {
    const [leafPath, rootPath, othersPath] = ['leaf', 'root', 'others'].map((file) =>
      join(directory, `${file}.pem`),
    ) as [string, string, string]
    // Written anew from OpenSSL's own reading, so that both readings are of the same bytes.
    await writeFile(leafPath, leaf.toString())
    await writeFile(rootPath, anchors.join(''))
    await writeFile(othersPath, others.join(''))
    const time = at ? ['-attime', String(Math.floor(at.getTime() / 1000))] : []
    const untrusted = others.length > 0 ? ['-untrusted', othersPath] : []
    return await openssl([
      'verify',
      ...['-no-CApath', '-no-CAstore', '-CAfile', rootPath, ...untrusted],
      ...['-x509_strict', '-auth_level', '2', '-purpose', purpose === 'server' ? 'sslserver' : 'sslclient', ...time],
      leafPath,
    ])
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function openssl(args: string[]): Promise<Verdict> {
  try {
    // No OPENSSL_CONF and no SSL_CERT_* of the caller: they change what is trusted.
    await run('openssl', args, { timeout: timeoutMs, env: { PATH: process.env.PATH, LC_ALL: 'C' } })
    return { ok: true }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { code, stderr } = error as Error & { code?: unknown; stderr?: string }
    if (code === 'ENOENT') throw new OpensslMissingError({ cause: error })
    const line = /^error \d+ at (\d+) depth lookup: ?(.*)$/m.exec(stderr ?? '')
    // 2 is its exit status for "did not verify"; anything else is a failure to judge, which is no verdict.
    if (code !== 2 || !line) throw error
    return { ok: false, reason: line[1] === '0' ? `${line[2]}` : `${line[2]} (certificate ${line[1]} above the leaf)` }
  }
}

function parse(pem: string): X509Certificate[] | undefined {
  try {
    return splitPem(pem).map((one) => new X509Certificate(one))
  } catch {
    return undefined
  }
}

/** OpenSSL's comparison of names; the common name does not count. */
function isNamed(leaf: X509Certificate, name: string): boolean {
  return (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: 'never' })) !== undefined
}
