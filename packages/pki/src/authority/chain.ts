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
  /** `root` is an intermediate, trusted by itself: as etcd does, which no other purpose's leaf may enter. */
  partial?: boolean
  /** What the leaf is used as. */
  purpose: Kind
  /**
   * Revocation lists (PEM, each one or more). When given, also when empty, one of the leaf's issuer must be there and in
   * date; with `crlScope: 'chain'` one of every CA's issuer too.
   */
  crls?: readonly string[]
  crlScope?: 'leaf' | 'chain'
  /** DNS name or IP address that a server must be named in its alternative names. */
  name?: string
  /** The time to judge at; now unless said. */
  at?: Date
}
export type Verdict = { ok: true } | { ok: false; reason: string }

const run = promisify(execFile)
const timeoutMs = 20_000
const usages: Record<Kind, string[]> = {
  server: ['sslserver'],
  client: ['sslclient'],
  peer: ['sslserver', 'sslclient'],
}
const anyPolicy = '2.5.29.32.0'
/** More is no chain of ours, and would cost time. */
const mostCertificates = 10

/**
 * Verifies a chain: signatures, times, CA rights, purpose, name constraints, policies, key strength (112 bits and up),
 * RFC 5280's strict rules; and revocation, if lists are given.
 * @throws {OpensslMissingError} without the `openssl` command
 * @throws {InvalidRequestError} when `root` holds no certificate, or `crls` something that is no list
 */
export async function verifyChain(request: ChainRequest): Promise<Verdict> {
  const { certificate, root, partial, purpose, name, crls, crlScope, at } = request
  const lists = crls?.map(checkCrls)
  const anchors = parse(root)
  if (!anchors?.length) throw new InvalidRequestError('root holds no certificate in PEM')
  const chain = parse(certificate)
  const [leaf, ...others] = chain ?? []
  if (!leaf) return { ok: false, reason: 'not a certificate in PEM' }
  if (others.length >= mostCertificates) return { ok: false, reason: `more than ${mostCertificates} certificates` }
  if (name !== undefined && !isNamed(leaf, name)) return { ok: false, reason: `the certificate is not for ${name}` }

  const directory = await mkdtemp(join(tmpdir(), 'anbox-pki-'))
  try {
    const pathOf = (file: string) => join(directory, `${file}.pem`)
    const [leafPath, rootPath, othersPath, listsPath] = [
      pathOf('leaf'),
      pathOf('root'),
      pathOf('others'),
      pathOf('crl'),
    ]
    // Written anew from OpenSSL's own reading, so that both readings are of the same bytes.
    await writeFile(leafPath, leaf.toString())
    await writeFile(rootPath, anchors.join(''))
    await writeFile(othersPath, others.join(''))
    const revocation: string[] = []
    if (lists) {
      revocation.push(crlScope === 'chain' ? '-crl_check_all' : '-crl_check', '-extended_crl', '-use_deltas')
      if (lists.length > 0) revocation.push('-CRLfile', listsPath)
      await writeFile(listsPath, lists.join(''))
    }
    // Any policy will do, unless a CA in the chain requires one.
    const policies = ['-policy_check', '-policy', anyPolicy]
    const rules = ['-x509_strict', '-auth_level', '2', ...policies, ...(partial ? ['-partial_chain'] : [])]
    const given = [
      '-no-CApath',
      '-no-CAstore',
      '-CAfile',
      rootPath,
      ...(others.length > 0 ? ['-untrusted', othersPath] : []),
    ]
    const time = at ? ['-attime', String(Math.floor(at.getTime() / 1000))] : []
    for (const usage of usages[purpose]) {
      const verdict = await openssl(['verify', ...given, ...rules, '-purpose', usage, ...revocation, ...time, leafPath])
      if (!verdict.ok) return verdict
    }
    return { ok: true }
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

function checkCrls(pem: string): string {
  const lists = pem.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g)
  if (!lists) throw new InvalidRequestError('crls holds a text without a revocation list in PEM')
  return `${lists.join('\n')}\n`
}

/** OpenSSL's comparison of names; the common name does not count. */
function isNamed(leaf: X509Certificate, name: string): boolean {
  return (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name, { subject: 'never' })) !== undefined
}
