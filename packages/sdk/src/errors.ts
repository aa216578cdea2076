// One class per thing a caller can do about a failure; `code` is stable and may be compared, messages may change.

/** Every code this package throws, with what it means. */
export const codes = {
  'not-found': 'the thing does not exist, or is not visible to this caller',
  conflict: 'it exists already, or is busy',
  unauthorized: 'the server does not know this caller: no certificate, or one it does not trust',
  forbidden: 'the server knows this caller and refuses',
  'invalid-request': 'the request is wrong and would be refused again',
  'precondition-failed': 'it was changed since its ETag was read: read again and repeat',
  'not-supported': 'the server does not have this feature',
  unavailable: 'the server cannot be reached, broke off, or says it is not ready: try later',
  'server-identity': 'the server is not the one that was expected; nothing was sent to it',
  closed: 'the client was closed',
  timeout: 'no answer in time; the server may still be working on it',
  'server-error': 'the server failed, or answered something that is not its API',
  'operation-failed': 'the operation ended with a failure',
  'operation-cancelled': 'the operation was cancelled',
  'operation-lost': 'the operation ended or vanished with its server; its result cannot be known',
  'output-limit': 'a command wrote more than the caller wanted to keep',
} as const
export type Code = keyof typeof codes

export type ErrorDetails = {
  code?: Code
  status?: number
  method?: string
  path?: string
  server?: string
  cause?: unknown
}

export class AnboxError extends Error {
  override readonly name: string = 'AnboxError'
  readonly code: Code
  /** The HTTP status, where there was an answer. */
  declare readonly status?: number
  declare readonly method?: string
  /** The path that was asked for; never its query, which may hold secrets. */
  declare readonly path?: string
  /** The server's own words. */
  declare readonly server?: string

  constructor(message: string, { code = 'server-error', cause, ...details }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    for (const key of ['status', 'method', 'path', 'server'] as const) {
      if (details[key] !== undefined) Object.assign(this, { [key]: details[key] })
    }
  }
}

export class NotFoundError extends AnboxError {
  override readonly name = 'NotFoundError'
}
export class ConflictError extends AnboxError {
  override readonly name = 'ConflictError'
}
export class UnauthorizedError extends AnboxError {
  override readonly name = 'UnauthorizedError'
}
export class ForbiddenError extends AnboxError {
  override readonly name = 'ForbiddenError'
}
export class InvalidRequestError extends AnboxError {
  override readonly name = 'InvalidRequestError'
}
/** The ETag sent in `If-Match` is not the current one. */
export class PreconditionFailedError extends AnboxError {
  override readonly name = 'PreconditionFailedError'
}
export class NotSupportedError extends AnboxError {
  override readonly name = 'NotSupportedError'
}
export class UnavailableError extends AnboxError {
  override readonly name: string = 'UnavailableError'
}
/** The server showed another certificate than the one trusted. It has seen no byte of a request. */
export class ServerIdentityError extends UnavailableError {
  override readonly name = 'ServerIdentityError'
}
export class TimeoutError extends AnboxError {
  override readonly name = 'TimeoutError'
}
export class ServerError extends AnboxError {
  override readonly name = 'ServerError'
}
/** The operation ended, and not well; `server` says why. `code` tells a cancelled one. */
export class OperationFailedError extends AnboxError {
  override readonly name = 'OperationFailedError'
}
/** The operation ended and its result is unknown: look at the thing it worked on. */
export class OperationLostError extends AnboxError {
  override readonly name = 'OperationLostError'
}
/** A command's output is larger than the limit given to `run`. */
export class OutputLimitError extends AnboxError {
  override readonly name = 'OutputLimitError'
}

type Class = new (message: string, details?: ErrorDetails) => AnboxError
const byStatus: Record<number, [Class, Code]> = {
  400: [InvalidRequestError, 'invalid-request'],
  401: [UnauthorizedError, 'unauthorized'],
  403: [ForbiddenError, 'forbidden'],
  404: [NotFoundError, 'not-found'],
  409: [ConflictError, 'conflict'],
  412: [PreconditionFailedError, 'precondition-failed'],
  501: [NotSupportedError, 'not-supported'],
  502: [UnavailableError, 'unavailable'],
  503: [UnavailableError, 'unavailable'],
  504: [UnavailableError, 'unavailable'],
}

/** The error for a refusal by the server. */
export function errorForStatus(status: number, words: string, request: { method: string; path: string }): AnboxError {
  const [Class, code] =
    byStatus[status] ??
    (status >= 500 || status < 400
      ? [ServerError, 'server-error' as const]
      : [InvalidRequestError, 'invalid-request' as const])
  const message = `${request.method} ${request.path} was refused: ${words} (${status})`
  return new Class(message, { ...request, code, status, server: words })
}
