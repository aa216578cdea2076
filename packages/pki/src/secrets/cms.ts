// CMS (RFC 5652; AuthEnvelopedData, RFC 5083) by the openssl command, so that the other side needs nothing of ours:
// RSA-OAEP or ECDH with SHA-256, and AES-256-GCM. Text goes through pipes, keys through a file that is encrypted under a
// pass phrase of its own.
import { execFile } from 'node:child_process'
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { splitPem } from '../authority/certificate.ts'
import { InvalidRequestError, OpensslMissingError } from '../errors.ts'

export type Party = {
  /** PEM: the leaf, then what leads to the root. */
  certificate: string
  /** PKCS#8, PEM. */
  key: string
}

const timeoutMs = 20_000
const keyOptions: [string, string[]][] = [
  ['rsa', ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256']],
  ['ec', ['ecdh_kdf_md:sha256']],
]
const longest = 4 * 1024 * 1024

/** Signs the text, with the chain of the signer in it. DER. */
export function sign(text: string, { certificate, key }: Party): Promise<Buffer> {
  const [leaf = '', ...chain] = splitPem(certificate)
  return inFolder({ 'signer.pem': leaf, 'chain.pem': chain.join('') }, key, (path, keyArgs) => [
    ...['cms', '-sign', '-binary', '-nodetach', '-nosmimecap', '-md', 'sha256', '-outform', 'DER'],
    ...['-signer', path('signer.pem'), ...keyArgs],
    ...(chain.length > 0 ? ['-certfile', path('chain.pem')] : []),
  ])(Buffer.from(text))
}

/**
 * Encrypts to whoever holds the key of a certificate. PEM.
 * @throws {InvalidRequestError} for a key that is neither RSA nor on a curve
 */
export async function encrypt(plain: Uint8Array, recipient: X509Certificate): Promise<string> {
  const type = recipient.publicKey.asymmetricKeyType
  const options = keyOptions.find(([one]) => one === type)?.[1]
  if (!options) throw new InvalidRequestError(`nothing can be encrypted to a key of the type ${type}`)
  const encrypted = await inFolder({ 'recipient.pem': recipient.toString() }, undefined, (path) => [
    ...['cms', '-encrypt', '-binary', '-aes-256-gcm', '-outform', 'PEM', '-recip', path('recipient.pem')],
    ...options.flatMap((option) => ['-keyopt', option]),
  ])(plain)
  return encrypted.toString()
}

/** Throws when it is not for this certificate, or was changed. */
export function decrypt(pem: string, { certificate, key }: Party): Promise<Buffer> {
  const [leaf = ''] = splitPem(certificate)
  return inFolder({ 'recipient.pem': leaf }, key, (path, keyArgs) => [
    ...['cms', '-decrypt', '-binary', '-inform', 'PEM', '-recip', path('recipient.pem'), ...keyArgs],
  ])(Buffer.from(pem))
}

/**
 * The signed text and the one who signed it, whose chain leads to the given root now.
 * Throws when the signature does not hold, or the chain does not.
 */
export async function verify(signed: Uint8Array, root: string): Promise<{ text: string; signer: X509Certificate }> {
  let signers: string[] = []
  const text = await inFolder(
    { 'root.pem': root, 'signers.pem': '' },
    undefined,
    (path) => [
      ...['cms', '-verify', '-binary', '-inform', 'DER', '-no-CApath', '-no-CAstore', '-CAfile', path('root.pem')],
      // Our certificates are for TLS: whether the signer may offer is decided by name.
      ...['-x509_strict', '-auth_level', '2', '-purpose', 'any', '-signer', path('signers.pem')],
    ],
    async (path) => {
      signers = splitPem(await readFile(path('signers.pem'), 'utf8'))
    },
  )(signed)
  const [signer, ...more] = signers
  if (!signer || more.length > 0) throw new Error('it has not exactly one signer')
  return { text: text.toString('utf8'), signer: new X509Certificate(signer) }
}

type Path = (name: string) => string

/** Files for one run of openssl, gone after it. */
function inFolder(
  files: Record<string, string>,
  key: string | undefined,
  args: (path: Path, keyArgs: string[]) => string[],
  after?: (path: Path) => Promise<void>,
): (input: Uint8Array) => Promise<Buffer> {
  return async (input) => {
    const folder = await mkdtemp(join(tmpdir(), 'anbox-pki-'))
    const path = (name: string) => join(folder, name)
    try {
      for (const [name, text] of Object.entries(files)) await writeFile(path(name), text, { mode: 0o600 })
      const passphrase = randomBytes(32).toString('hex')
      if (key !== undefined) await writeFile(path('key.pem'), encryptKey(key, passphrase), { mode: 0o600 })
      const keyArgs = key === undefined ? [] : ['-inkey', path('key.pem'), '-passin', 'env:ANBOX_PKI_PASSPHRASE']
      const output = await openssl(args(path, keyArgs), input, passphrase)
      await after?.(path)
      return output
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

function encryptKey(pem: string, passphrase: string): string {
  return createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString()
}

/** Gives what it wrote only when it ended well: openssl writes what it decrypts before it has checked it. */
function openssl(args: string[], input: Uint8Array, passphrase: string): Promise<Buffer> {
  // No OPENSSL_CONF and no SSL_CERT_* of the caller: they change what is trusted.
  const env = { PATH: process.env.PATH, LC_ALL: 'C', ANBOX_PKI_PASSPHRASE: passphrase }
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', timeout: timeoutMs, maxBuffer: longest, env } as const
    const child = execFile('openssl', args, options, (error, stdout) => {
      if (!error) resolve(stdout)
      else if (error.code === 'ENOENT') reject(new OpensslMissingError({ cause: error }))
      // Its own words may repeat what it read.
      else reject(new Error(`openssl ${args[0]} ${args[1]} ended with ${error.code}`))
    })
    child.stdin?.on('error', () => {}).end(input)
  })
}
