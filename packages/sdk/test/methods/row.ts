import type { CallOptions } from '../../src/operations/api.ts'

export type Row<Client> = {
  name: string
  method: string
  path: string
  query?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
  kind?: 'sync' | 'async' | 'raw'
  answer?: unknown
  call: (client: Client, options: CallOptions) => Promise<unknown>
  expect?: (result: unknown) => void
}
