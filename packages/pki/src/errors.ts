// One class for each thing a caller can do about a failure; `code` is stable and safe to compare.

export type PkiErrorCode =
  | 'invalid_request'
  | 'authority_missing'
  | 'authority_conflict'
  | 'authority_damaged'
  | 'authority_expired'
  | 'credential_missing'
  | 'credential_exists'
  | 'unsafe_directory'
  | 'openssl_missing'
  | 'clock_wrong'

/** What every failure of this package that a caller can act on is an instance of. Its message never holds a secret. */
export class PkiError extends Error {
  readonly code: PkiErrorCode
  constructor(code: PkiErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Ask for something else: the message says which value is wrong. */
export class InvalidRequestError extends PkiError {
  override readonly name = 'InvalidRequestError'
  constructor(message: string, options?: ErrorOptions) {
    super('invalid_request', message, options)
  }
}

/** Create the authority first, or finish a creation that was cut short: `createAuthority` does both. */
export class AuthorityMissingError extends PkiError {
  override readonly name = 'AuthorityMissingError'
  constructor(message: string) {
    super('authority_missing', message)
  }
}

/** Name another directory: this one holds an authority made with other options. */
export class AuthorityConflictError extends PkiError {
  override readonly name = 'AuthorityConflictError'
  constructor(message: string) {
    super('authority_conflict', message)
  }
}

/** Restore the named file from a backup. Nothing is ever made anew in place of a lost key or certificate. */
export class AuthorityDamagedError extends PkiError {
  override readonly name = 'AuthorityDamagedError'
  constructor(message: string, options?: ErrorOptions) {
    super('authority_damaged', message, options)
  }
}

/** The intermediate or the root has ended: whatever it signed would be refused. */
export class AuthorityExpiredError extends PkiError {
  override readonly name = 'AuthorityExpiredError'
  constructor(message: string) {
    super('authority_expired', message)
  }
}

/** Issue the credential first. */
export class CredentialMissingError extends PkiError {
  override readonly name = 'CredentialMissingError'
  constructor(message: string) {
    super('credential_missing', message)
  }
}

/** Keep what exists, name another file, or ask for it to be replaced. */
export class CredentialExistsError extends PkiError {
  override readonly name = 'CredentialExistsError'
  constructor(message: string) {
    super('credential_exists', message)
  }
}

/** Close the directory to others (`chmod 700`) or name another one. */
export class UnsafeDirectoryError extends PkiError {
  override readonly name = 'UnsafeDirectoryError'
  constructor(message: string) {
    super('unsafe_directory', message)
  }
}

/** Install OpenSSL's command line tool. */
export class OpensslMissingError extends PkiError {
  override readonly name = 'OpensslMissingError'
  constructor(options?: ErrorOptions) {
    super('openssl_missing', 'the openssl command was not found; install the package openssl', options)
  }
}

/** Set the clock: certificates made now would be valid at the wrong time. */
export class ClockWrongError extends PkiError {
  override readonly name = 'ClockWrongError'
  constructor(now: Date) {
    super('clock_wrong', `the clock says ${now.toISOString()}, which is before this program was written; set it first`)
  }
}
