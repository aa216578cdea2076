// What every client's users need, whichever entry they import.
export { Connection, type Method, type RequestOptions, type SocketOptions } from './connection/connection.ts'
export type { Limits } from './connection/deadline.ts'
export type {
  AccountToken,
  Bearer,
  ClientCertificate,
  Common,
  ConnectionOptions,
  PublicServer,
  ServerTrust,
  UnixSocket,
} from './connection/options.ts'
export type { Query } from './connection/path.ts'
export type { Envelope, Reply } from './connection/reply.ts'
export type { TokenProvider, TokenRequest } from './connection/token.ts'
export type { RequestTrace, WaitTrace } from './connection/trace.ts'
export type { Progress, Source } from './connection/upload.ts'
export * from './errors.ts'
export type { CallOptions, Page, UpdateOptions, WithEtag } from './operations/api.ts'
export type { Operations } from './operations/collection.ts'
export { type EventOptions, EventStream, type GapEvent, type ServerEvent } from './operations/event-stream.ts'
export type { Exec, ExecInput, ExecResult, InteractiveExec } from './operations/exec.ts'
export { type Change, Informer, type InformerOptions } from './operations/informer.ts'
export { Operation, type WaitOptions } from './operations/operation.ts'
export type { RunResult } from './operations/run.ts'
export type { OperationState } from './operations/state.ts'
