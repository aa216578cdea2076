// What `lxc config trust add` prints: base64 of JSON. LXD takes it whole, as the password.
import { InvalidRequestError } from '../errors.ts'

/** `secret` (the whole token) is not enumerable. */
export type TrustToken = {
  /** The name that the certificate will have in the trust store. */
  name: string
  /** SHA-256 of the server's certificate. */
  fingerprint: string
  addresses: { host: string; port: number }[]
  /** Absent when it does not end. */
  expires?: Date
  readonly secret: string
}

/** @throws {InvalidRequestError} for anything else; the text is not repeated */
export function readTrustToken(text: string): TrustToken {
  const value = parse(text.trim())
  const { client_name: name, fingerprint, addresses, expires_at: ends } = value ?? {}
  const fine =
    typeof name === 'string' &&
    typeof fingerprint === 'string' &&
    /^[0-9a-f]{64}$/.test(fingerprint) &&
    Array.isArray(addresses) &&
    typeof value?.secret === 'string'
  if (!fine) throw new InvalidRequestError('this is not a trust token of LXD')
  const found = addresses.map(readAddress).filter((one) => one !== undefined)
  if (found.length === 0) throw new InvalidRequestError('the trust token names no address: LXD listens on none')
  const expires = typeof ends === 'string' ? new Date(ends) : undefined
  const token = {
    name,
    fingerprint,
    addresses: found,
    // Go's zero time, the year 1, stands for none.
    ...(expires && expires.getTime() > 0 && { expires }),
    secret: '',
  }
  return Object.defineProperty(token, 'secret', { value: text.trim(), enumerable: false, writable: false })
}

/** HOST:PORT, or [HOST]:PORT for IPv6. */
export function readAddress(text: unknown): { host: string; port: number } | undefined {
  const found = typeof text === 'string' ? /^(?:\[([0-9a-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/i.exec(text) : null
  const [, v6, host = v6, port] = found ?? []
  return host === undefined ? undefined : { host, port: Number(port) }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
