// What is common to the four components: the files of a server, what it takes for it to read them again, and the check of
// every value that goes into a configuration, so that none of the four formats ever needs quoting.
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import { splitPem } from '../authority/certificate.ts'
import type { Credential } from '../authority/credential.ts'
import { InvalidRequestError } from '../errors.ts'

/**
 * `part` says which of the server's reloads it takes. `text` of a secret file (mode 0600) is not enumerable: printing or
 * serialising what was rendered leaves it out.
 */
export type RenderedFile = { name: string; part: Part; mode: 0o600 | 0o644; readonly text: string }
export type Part = 'configuration' | 'leaf' | 'trust' | 'revocation'

/** `none`: it reads the file at each connection. */
export type Reload = 'none' | 'SIGHUP' | 'SIGUSR2' | 'restart'

/** What the server needs after a change of its configuration, its own certificate, whom it trusts, whom it no longer does. */
export type Reloads = Record<Part, Reload>

export type Rendered = {
  /** To be placed in `directory`, the configuration last. */
  files: RenderedFile[]
  reload: Reloads
  /** The command that starts the server with them, for people and tests. */
  start: { command: string; args: string[]; env: Record<string, string> }
}

export type ServerOptions = {
  /** Absolute path of the directory on the server in which the files will be. */
  directory: string
  /** The server's certificate and key. */
  credential: Credential
  /** The address to listen on; 127.0.0.1 unless said. */
  address?: string
}

const plainPath = /^\/[A-Za-z0-9._/@+-]*$/
const plainWord = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

export function publicFile(name: string, part: Part, text: string): RenderedFile {
  return { name, part, mode: 0o644, text }
}

export function secretFile(name: string, part: Part, text: string): RenderedFile {
  const file = { name, part, mode: 0o600 as const, text: '' }
  return Object.defineProperty(file, 'text', { value: text, enumerable: false })
}

/** server.crt (leaf and intermediate) and server.key. */
export function credentialFiles({ certificate, key }: Credential): RenderedFile[] {
  return [secretFile('server.key', 'leaf', key), publicFile('server.crt', 'leaf', certificate)]
}

export function checkPath(path: string, what: string): string {
  if (!isAbsolute(path) || !plainPath.test(path))
    throw new InvalidRequestError(`${what} "${path}" must be absolute, of letters, digits, ".", "_", "@", "+" and "-"`)
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

export function checkWord(word: string, what: string): string {
  if (!plainWord.test(word))
    throw new InvalidRequestError(`${what} "${word}" must be of letters, digits, ".", "_" and "-"`)
  return word
}

export function checkAddress(address = '127.0.0.1'): string {
  if (isIP(address) === 0 || address.includes('%')) throw new InvalidRequestError(`"${address}" is not an IP address`)
  return address
}

export function checkPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidRequestError(`${port} is not a port`)
  return port
}

/** A secret is not repeated in the message. */
export function checkSecret(secret: string, what: string): string {
  if (!/^[A-Za-z0-9_+/=-]{16,512}$/.test(secret))
    throw new InvalidRequestError(`a ${what} must be 16 to 512 letters, digits, "_", "+", "/", "=" and "-"`)
  return secret
}

/** The certificates of CAs, and nothing else that a PEM text could carry. */
export function checkAnchors(pem: string, what: string): string {
  const found = splitPem(pem)
  if (found.length === 0) throw new InvalidRequestError(`${what} holds no certificate in PEM`)
  const leaf = found.find((one) => !new X509Certificate(one).ca)
  // A server that took it for an anchor would take whatever it signs, and most take the leaf itself.
  if (leaf) throw new InvalidRequestError(`${what} holds a certificate that is no CA's`)
  return found.join('')
}

/** An address as part of a URL or of HOST:PORT. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
