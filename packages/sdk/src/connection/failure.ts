// What undici, Node and OpenSSL throw, in this package's terms.
import { AnboxError, TimeoutError, UnauthorizedError, UnavailableError } from '../errors.ts'

// With TLS 1.3 a server refuses the client's certificate after the client thinks the handshake is done.
const refusedCertificate =
  /ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED)|ALERT_.*CERTIFICATE/

export function failure(error: unknown, asked: { method: string; path: string }, server: string): unknown {
  if (error instanceof AnboxError) return error.method ? error : Object.assign(error, asked)
  const { code = '', message = String(error) } = (error ?? {}) as { code?: string; message?: string }
  const what = `${asked.method} ${asked.path} at ${server}`
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new TimeoutError(`${what}: no answer in time; the server may still be working on it`, {
      ...asked,
      code: 'timeout',
      cause: error,
    })
  }
  if (refusedCertificate.test(code)) {
    return new UnauthorizedError(`${what}: the server refuses the client's certificate: ${message}`, {
      ...asked,
      code: 'unauthorized',
      cause: error,
    })
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new UnavailableError(`${what}: the client was closed`, { ...asked, code: 'closed' })
  }
  return new UnavailableError(`${what}: the connection broke off: ${message}`, {
    ...asked,
    code: 'unavailable',
    cause: error,
  })
}
