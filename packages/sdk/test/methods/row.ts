import type { CallOptions } from '../../src/operations/api.ts'

/** One form of one public method: how it is called, and what is then on the wire. */
export type Row<Client> = {
  /** Such as `instances.get`. */
  name: string
  method: string
  path: string
  query?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
  /** The kind of answer; `sync` unless said. */
  kind?: 'sync' | 'async' | 'raw'
  /** The metadata of the answer, or its raw body. */
  answer?: unknown
  call: (client: Client, options: CallOptions) => Promise<unknown>
  expect?: (result: unknown) => void | Promise<void>
}
