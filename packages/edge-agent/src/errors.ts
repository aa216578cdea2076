// Every error of the agent that a person or a client gets to see.

/** Answered to a client as AMS's error envelope, with this HTTP status. The message says what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const badRequest = (message: string) => new ApiError(400, message)
export const unauthorized = (message: string) => new ApiError(401, message)
export const forbidden = (message: string) => new ApiError(403, message)
export const notFound = (what: string, name: string) => new ApiError(404, `${what} "${name}" not found`)
export const conflict = (message: string) => new ApiError(409, message)
/** The request is right and cannot be served now: capacity, or LXD is away. */
export const notNow = (message: string) => new ApiError(503, message)
/** This server never serves it; the feature's name is absent from `api_extensions`. */
export const notSupported = (feature: string) => new ApiError(501, `${feature} not supported`)

/** The configuration cannot be used. The message names the key, where its value came from, and what is allowed. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
}
