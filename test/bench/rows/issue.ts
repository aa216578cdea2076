// Certificates signed per second by an authority of ours, and by `openssl ca` with the same key of the same intermediate.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthority, type KeyType } from '@anbox/pki'
import { run } from '../../../scripts/command.ts'
import type { Measure, Prepared, Row } from '../row.ts'
import type { Stage } from '../stage/stage.ts'

/** At each measurement. */
const certificates = 50
const request = { kind: 'server', name: 'edge', dns: ['edge.example'], ip: ['192.0.2.7'] } as const

export const issueRsa = row('issue-rsa', 'rsa-4096', 'Certificates issued, RSA 4096')
export const issueP256 = row('issue-p256', 'ecdsa-p256', 'Certificates issued, ECDSA P-256')

function row(name: string, key: KeyType, title: string): Row {
  return {
    name,
    title,
    unit: '/s',
    notes: [
      `${certificates} at once for one public key, the keys' making not counted. Ours come with a line in the audit log each, and are synchronised to the disk with it before they are given out; openssl is one process of \`openssl ca\` for all of them, and synchronises nothing.`,
    ],
    reasons: {
      openssl:
        'it is C and waits for no disk; ours is put together in JavaScript, and its record and its audit line are on the disk before it is given out',
    },
    rounds: { full: 9, quick: 3 },
    prepare: (stage) => prepare(stage, key),
  }
}

async function prepare({ folder: parent, signal }: Pick<Stage, 'folder' | 'signal'>, key: KeyType): Promise<Prepared> {
  const folder = await mkdtemp(join(parent, 'issue-'))
  const authority = await createAuthority(join(folder, 'pki'), { key, purposes: ['control'] })
  const leaf = createPrivateKey((await authority.issue({ ...request, key })).key)
  const publicKey = createPublicKey(leaf)
  const ours = async () => {
    await Promise.all(Array.from({ length: certificates }, () => authority.certify(request, publicKey)))
  }

  const at = (name: string) => join(folder, 'openssl', name)
  await mkdir(at('newcerts'), { recursive: true })
  await writeFile(at('leaf.key'), leaf.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  await writeFile(at('openssl.cnf'), config(at('.'), join(folder, 'pki/control')))
  await writeFile(at('index.txt'), '')
  const openssl = (...args: string[]) => run('openssl', args, { cwd: folder, signal })
  await openssl('req', '-new', '-key', at('leaf.key'), '-subj', '/CN=edge', '-out', at('leaf.csr'))
  const files = Array.from({ length: certificates }, () => at('leaf.csr'))
  const theirs = async () => {
    await openssl('ca', '-config', at('openssl.cnf'), '-batch', '-notext', '-infiles', ...files)
  }
  return {
    ours: perSecond(ours),
    rivals: { openssl: perSecond(theirs) },
    end: () => rm(folder, { recursive: true }),
  }
}

function perSecond(work: () => Promise<void>): Measure {
  return async () => {
    const start = performance.now()
    await work()
    return [(certificates / (performance.now() - start)) * 1000]
  }
}

function config(own: string, ca: string): string {
  return `[ca]
default_ca = ours
[ours]
dir = ${own}
database = $dir/index.txt
new_certs_dir = $dir/newcerts
rand_serial = yes
unique_subject = no
certificate = ${ca}/ca.crt
private_key = ${ca}/ca.key
default_md = sha256
default_days = 90
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:edge.example, IP:192.0.2.7, URI:anbox:server/edge
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`
}
