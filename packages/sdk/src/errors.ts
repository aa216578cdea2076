// One class per thing a caller can do about a failure; `code` is stable and may be compared, messages may change.

/** Every code this package throws: its class, the HTTP statuses that become it, what it means, and what to do. */
export const codes = {
  'not-found': {
    error: 'NotFoundError',
    statuses: [404],
    meaning: 'the thing does not exist, or is not visible to this caller',
    advice: 'nothing, or make it',
  },
  conflict: {
    error: 'ConflictError',
    statuses: [409],
    meaning: 'it exists already, or is busy',
    advice: 'choose another name, or wait',
  },
  unauthorized: {
    error: 'UnauthorizedError',
    statuses: [401],
    meaning: 'the server does not know this caller: no certificate or token, or one it does not trust',
    advice: 'show one that it trusts',
  },
  forbidden: {
    error: 'ForbiddenError',
    statuses: [403],
    meaning: 'the server knows this caller and refuses',
    advice: 'ask who may',
  },
  'invalid-request': {
    error: 'InvalidRequestError',
    statuses: [400],
    meaning: 'the request is wrong and would be refused again',
    advice: 'correct it: `server` names the field',
  },
  'precondition-failed': {
    error: 'PreconditionFailedError',
    statuses: [412],
    meaning: 'it was changed since its ETag was read',
    advice: 'read again and repeat',
  },
  'not-supported': {
    error: 'NotSupportedError',
    statuses: [501],
    meaning: 'the server does not have this feature',
    advice: 'do without, or ask `hasExtension` before',
  },
  unavailable: {
    error: 'UnavailableError',
    statuses: [502, 503, 504],
    meaning: 'the server cannot be reached, broke off, is full, or says it is not ready',
    advice: 'try later',
  },
  'server-identity': {
    error: 'ServerIdentityError',
    statuses: [],
    meaning: 'the server is not the one that was expected; nothing was sent to it',
    advice: 'find out who answers there',
  },
  closed: {
    error: 'UnavailableError',
    statuses: [],
    meaning: 'the client was closed',
    advice: 'make another client',
  },
  timeout: {
    error: 'TimeoutError',
    statuses: [],
    meaning: 'no answer in time; the server may still be working on it',
    advice: 'look at what it worked on, then decide',
  },
  'server-error': {
    error: 'ServerError',
    statuses: [500],
    meaning: 'the server failed, or answered something that is not its API',
    advice: "read the server's log",
  },
  'operation-failed': {
    error: 'OperationFailedError',
    statuses: [],
    meaning: 'the operation ended with a failure',
    advice: '`server` says why',
  },
  'operation-cancelled': {
    error: 'OperationFailedError',
    statuses: [],
    meaning: 'the operation was cancelled',
    advice: 'nothing',
  },
  'operation-lost': {
    error: 'OperationLostError',
    statuses: [],
    meaning: 'the operation ended or vanished with its server; its result cannot be known',
    advice: 'look at what it worked on',
  },
  'output-limit': {
    error: 'OutputLimitError',
    statuses: [],
    meaning: 'a command wrote more than the caller wanted to keep',
    advice: 'raise `limit`, or use `exec` and read a stream',
  },
} as const satisfies Record<string, { error: string; statuses: number[]; meaning: string; advice: string }>
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

const byStatus = new Map<number, Code>(
  Object.entries(codes).flatMap(([code, { statuses }]) => statuses.map((status) => [status, code as Code])),
)
/** Those that an answer can become. */
const classes: Partial<Record<Code, new (message: string, details?: ErrorDetails) => AnboxError>> = {
  'not-found': NotFoundError,
  conflict: ConflictError,
  unauthorized: UnauthorizedError,
  forbidden: ForbiddenError,
  'invalid-request': InvalidRequestError,
  'precondition-failed': PreconditionFailedError,
  'not-supported': NotSupportedError,
  unavailable: UnavailableError,
}

/** The error for a refusal by the server. */
export function errorForStatus(status: number, words: string, request: { method: string; path: string }): AnboxError {
  const code = byStatus.get(status) ?? (status >= 400 && status < 500 ? 'invalid-request' : 'server-error')
  const Class = classes[code] ?? ServerError
  const message = `${request.method} ${request.path} was refused: ${words} (${status})`
  return new Class(message, { ...request, code, status, server: words })
}
