// JSON Web Tokens signed with HS256 (RFC 7519, RFC 7515). The header is ours to the octet: a token cannot choose how it
// is checked.
import { createHmac } from 'node:crypto'
import { sameOctets } from './secret.ts'

export type Claims = Record<string, unknown>

const header = encode({ alg: 'HS256', typ: 'JWT' })
const longest = 4096

export function signJwt(secret: string, claims: Claims): string {
  const signed = `${header}.${encode(claims)}`
  return `${signed}.${hmac(secret, signed).toString('base64url')}`
}

/** What a token claims, before anything of it is known to be true; nothing if it is no token of ours. */
export function readClaims(token: string): Claims | undefined {
  const [head, body = '', , ...more] = token.slice(0, longest + 1).split('.')
  if (token.length > longest || head !== header || more.length > 0) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? { ...claims } : undefined
  } catch {
    return undefined
  }
}

export function isSignedJwt(secret: string, token: string): boolean {
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  // Base64 readers look over stray characters and bits: only the one form that we write will do.
  if (signature.toString('base64url') !== token.slice(end + 1)) return false
  return sameOctets(hmac(secret, token.slice(0, end)), signature)
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function hmac(secret: string, data: string): Buffer {
  return createHmac('sha256', secret).update(data).digest()
}
