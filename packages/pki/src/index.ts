export type { AuditLog, AuditVerdict } from './authority/audit.ts'
export type { AuditEntry, AuditRecord } from './authority/audit-line.ts'
export { type Authority, type Issued, openAuthority } from './authority/authority.ts'
export { type BackedUp, backupAuthority, restoreAuthority } from './authority/backup.ts'
export type { BackupKey, BackupLock } from './authority/backup-seal.ts'
export { type Summary, summarize as summarizeCertificate } from './authority/certificate.ts'
export { type ChainRequest, type Verdict, verifyChain } from './authority/chain.ts'
export { type CreateOptions, createAuthority } from './authority/create.ts'
export {
  type Certified,
  type Credential,
  type CredentialPaths,
  loadCredential,
  saveCredential,
} from './authority/credential.ts'
export { type Ensured, ensureCredential } from './authority/ensure.ts'
export { type KeyType, keyTypes } from './authority/key.ts'
export { exportPkcs12, type Pkcs12Request } from './authority/pkcs12.ts'
export { type Purpose, purposes } from './authority/profile.ts'
export type { CertificateRequest, KeyRequest, Kind } from './authority/request.ts'
export { type Reason, type Revocation, reasons } from './authority/revocation.ts'
export { type Adopted, type AdoptRequest, adopt } from './bootstrap/adopt.ts'
export { metaData, userData } from './bootstrap/cloud-config.ts'
export {
  type BootstrapOptions,
  type Bootstrapped,
  type Bundle,
  bootstrapFrom,
  bootstrapWith,
} from './bootstrap/machine.ts'
export {
  type EnrolSettings,
  type MachineFile,
  type Plan as BootstrapPlan,
  type PlanRequest,
  planBootstrap,
} from './bootstrap/plan.ts'
export { type Scrubbed, scrub } from './bootstrap/scrub.ts'
export { type Seed, writeSeedDirectory, writeSeedImage } from './bootstrap/seed.ts'
export type { HostKnown, SshTarget } from './bootstrap/ssh.ts'
export {
  type AccountToken,
  type AccountVerdict,
  mintAccountToken,
  verifyAccountToken,
} from './credentials/account-token.ts'
export {
  type InstanceAudience,
  InstanceTokens,
  type InstanceVerdict,
  openInstanceTokens,
} from './credentials/instance-tokens.ts'
export { joinLxd, type LxdJoined, type LxdJoinOptions } from './credentials/lxd-join.ts'
export { makeSecret } from './credentials/secret.ts'
export { type TurnUser, turnUser } from './credentials/turn.ts'
export { type Enrolled, type EnrolOptions, enrol, type Renewed, type RenewOptions, renew } from './enrolment/enrol.ts'
export type { Enrolment } from './enrolment/home.ts'
export { type KeepOptions, keepEnrolled } from './enrolment/keep.ts'
export type { EnrolmentEvent, Rules as EnrolmentRules } from './enrolment/registrar.ts'
export { type EnrolmentServer, type EnrolmentServerOptions, startEnrolmentServer } from './enrolment/server.ts'
export { type TokenRecord, type TokenRequest, TokenStore } from './enrolment/token.ts'
export * from './errors.ts'
export { type Component, components, type RenderOptions, render } from './render/index.ts'
export { placeRendered, reloadFor } from './render/place.ts'
export type { Reload, Reloads, Rendered, RenderedFile } from './render/rendered.ts'
export { purposeOf, serverRequest } from './render/server.ts'
export { type Applied, applyStep } from './rotation/apply.ts'
export { openRotation, type PlanOptions, planRotation, type RotationOptions } from './rotation/begin.ts'
export { type Consumer, type Need, readConsumers } from './rotation/consumer.ts'
export { type Announcement, announce, type Phase, type Plan, type Subject } from './rotation/plan.ts'
export type { Rotation } from './rotation/rotation.ts'
export type { Status as RotationStatus } from './rotation/status.ts'
export type { SecretInfo } from './secrets/info.ts'
export { type FoundFile, type InventoryRequest, inventory } from './secrets/inventory.ts'
export type { KeySource } from './secrets/key.ts'
export type {
  AcceptRequest,
  CreateSecret,
  Offer,
  OfferRequest,
  RotateSecret,
  SecretReading,
  SecretRevision,
} from './secrets/request.ts'
export { openSecretStore, type SecretChange, type SecretStore, type StoreOptions } from './secrets/store.ts'
export { SecretText } from './secrets/text.ts'
