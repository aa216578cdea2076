// Throw-away certificates, made by OpenSSL.
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Made = { certificate: string; key: string; fingerprint: string }
type Wanted = {
  /** Self-signed unless said. */
  issuer?: Made
  ca?: boolean
  expired?: boolean
}

const config = `
[ca]
default_ca = own
[own]
database = index
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
`

/** A certificate for `name`, which is also its only alternative name. */
export function make(name: string, { issuer, ca = false, expired = false }: Wanted = {}): Made {
  const folder = mkdtempSync(join(tmpdir(), 'sdk-certificate-'))
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const read = (file: string) => readFileSync(join(folder, file), 'utf8')
  try {
    const write = (file: string, text: string) => writeFileSync(join(folder, file), text, { mode: 0o600 })
    write('config', config)
    write('index', '')
    write('serial', '01')
    const extension = ca ? 'basicConstraints=critical,CA:TRUE' : `subjectAltName=${isIP(name) ? 'IP' : 'DNS'}:${name}`
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']
    openssl('req', '-new', ...curve, '-keyout', 'key', '-out', 'request', '-subj', `/CN=${name}`, '-addext', extension)
    if (issuer) {
      write('issuer.crt', issuer.certificate)
      write('issuer.key', issuer.key)
    }
    const signer = issuer ? ['-cert', 'issuer.crt', '-keyfile', 'issuer.key'] : ['-selfsign', '-keyfile', 'key']
    const dates = expired ? ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'] : ['-days', '2']
    openssl('ca', '-config', 'config', '-batch', '-notext', '-in', 'request', '-out', 'crt', ...signer, ...dates)
    const certificate = read('crt')
    const fingerprint = new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase()
    return { certificate, key: read('key'), fingerprint }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
