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
  | 'root_offline'
  | 'certificate_unknown'
  | 'authority_busy'
  | 'audit_damaged'
  | 'backup_refused'
  | 'secret_missing'
  | 'secret_conflict'
  | 'secret_refused'
  | 'secrets_damaged'
  | 'offer_refused'
  | 'token_missing'
  | 'enrolment_missing'
  | 'enrolment_refused'
  | 'enrolment_unavailable'
  | 'server_untrusted'
  | 'rotation_missing'
  | 'rotation_conflict'
  | 'rotation_waiting'
  | 'consumer_failed'
  | 'adoption_failed'

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
  constructor(now: Date, reason = 'before this program was written') {
    super('clock_wrong', `the clock says ${now.toISOString()}, which is ${reason}; set it first`)
  }
}

/** Create the secret first; or it was removed. */
export class SecretMissingError extends PkiError {
  override readonly name = 'SecretMissingError'
  constructor(message: string) {
    super('secret_missing', message)
  }
}

/** Take another name, or look at what is there: somebody made or rotated it before. */
export class SecretConflictError extends PkiError {
  override readonly name = 'SecretConflictError'
  constructor(message: string) {
    super('secret_conflict', message)
  }
}

/** Ask the owner for a grant, or for a rotation where the secret has ended. */
export class SecretRefusedError extends PkiError {
  override readonly name = 'SecretRefusedError'
  constructor(message: string) {
    super('secret_refused', message)
  }
}

/** Use the key that the store was made with, or restore the store from a backup. */
export class SecretsDamagedError extends PkiError {
  override readonly name = 'SecretsDamagedError'
  constructor(message: string, options?: ErrorOptions) {
    super('secrets_damaged', message, options)
  }
}

/** Ask the producer for a new offer. */
export class OfferRefusedError extends PkiError {
  override readonly name = 'OfferRefusedError'
  constructor(message: string, options?: ErrorOptions) {
    super('offer_refused', message, options)
  }
}

/** Attach the directory with the root's key and name it (`rootDirectory`, `--root-dir`). */
export class RootOfflineError extends PkiError {
  override readonly name = 'RootOfflineError'
  constructor(message: string) {
    super('root_offline', message)
  }
}

/** Name a certificate that this authority has issued. */
export class CertificateUnknownError extends PkiError {
  override readonly name = 'CertificateUnknownError'
  constructor(message: string) {
    super('certificate_unknown', message)
  }
}

/** Try again: another process is at work. */
export class AuthorityBusyError extends PkiError {
  override readonly name = 'AuthorityBusyError'
  constructor(path: string) {
    super('authority_busy', `another process holds ${path}`)
  }
}

/** Find out who changed the audit log, and restore it from a backup. Until then nothing is issued. */
export class AuditDamagedError extends PkiError {
  override readonly name = 'AuditDamagedError'
  constructor(message: string) {
    super('audit_damaged', message)
  }
}

/** List the tokens: there is none with this id. */
export class TokenMissingError extends PkiError {
  override readonly name = 'TokenMissingError'
  constructor(id: string) {
    super('token_missing', `there is no token ${id}`)
  }
}

/** Enrol the machine first. */
export class EnrolmentMissingError extends PkiError {
  override readonly name = 'EnrolmentMissingError'
  constructor(message: string) {
    super('enrolment_missing', message)
  }
}

/** The authority said no, and will say it again: it takes a new token. `status` is that of its HTTP answer. */
export class EnrolmentRefusedError extends PkiError {
  override readonly name = 'EnrolmentRefusedError'
  readonly status: number
  constructor(message: string, status: number) {
    super('enrolment_refused', message)
    this.status = status
  }
}

/** Try again, with pauses that grow: nobody answered, or could do it now. Nothing was lost. */
export class EnrolmentUnavailableError extends PkiError {
  override readonly name = 'EnrolmentUnavailableError'
  /** Milliseconds that the server asked to wait. */
  readonly retryAfter: number | undefined
  constructor(message: string, options?: ErrorOptions & { retryAfter?: number }) {
    super('enrolment_unavailable', message, options)
    this.retryAfter = options?.retryAfter
  }
}

/** Look who answers at that address, and whether the pin is the root's: the token was not sent. */
export class ServerUntrustedError extends PkiError {
  override readonly name = 'ServerUntrustedError'
  constructor(message: string, options?: ErrorOptions) {
    super('server_untrusted', message, options)
  }
}

/** Begin a rotation first. */
export class RotationMissingError extends PkiError {
  override readonly name = 'RotationMissingError'
  constructor(message: string) {
    super('rotation_missing', message)
  }
}

/** Look at the rotation that is going on: it is another one, or at another step. */
export class RotationConflictError extends PkiError {
  override readonly name = 'RotationConflictError'
  constructor(message: string) {
    super('rotation_conflict', message)
  }
}

/** Have the named consumers acknowledge first, or pass over them by name; or wait until the time that the message says. */
export class RotationWaitingError extends PkiError {
  override readonly name = 'RotationWaitingError'
  constructor(message: string) {
    super('rotation_waiting', message)
  }
}

/** See to the consumer: its command failed, and it has not acknowledged. */
export class ConsumerFailedError extends PkiError {
  override readonly name = 'ConsumerFailedError'
  constructor(message: string, options?: ErrorOptions) {
    super('consumer_failed', message, options)
  }
}

/** Name the right passphrase or key, or another backup. */
export class BackupRefusedError extends PkiError {
  override readonly name = 'BackupRefusedError'
  constructor(message: string) {
    super('backup_refused', message)
  }
}

/** See to the machine: it was reached, and could not be enrolled. */
export class AdoptionFailedError extends PkiError {
  override readonly name = 'AdoptionFailedError'
  constructor(message: string) {
    super('adoption_failed', message)
  }
}
