// The rules by which two reports about one operation are merged. LXD reports out of order: `Running` after `Success` is
// usual, and `updated_at` does not change with every step.
import { hideSecrets } from './secrets.ts'

/** An operation as LXD and AMS write it. */
export type OperationState = {
  id: string
  class?: string
  description?: string
  created_at?: string
  updated_at?: string
  status: string
  status_code: number
  resources?: Record<string, string[]> | null
  metadata?: Record<string, unknown> | null
  may_cancel?: boolean
  err?: string
  location?: string
  server_address?: string
}

/** 100–199 work goes on, 200–399 it ended well, 400 and above it did not (401: cancelled). */
export const isFinal = (state: OperationState): boolean => state.status_code >= 200
export const isFailed = (state: OperationState): boolean => state.status_code >= 400
export const cancelledCode = 401

/** Reads a report, or says `undefined` where it is none. */
export function parseState(value: unknown): OperationState | undefined {
  if (typeof value !== 'object' || value === null) return
  const state = value as Partial<OperationState>
  if (typeof state.id !== 'string' || typeof state.status_code !== 'number') return
  hideSecrets(state.metadata)
  return { ...state, id: state.id, status: state.status ?? '', status_code: state.status_code }
}

/** What is known after `report` came in. A final state sticks; of two others the later one counts. */
export function merge(known: OperationState, report: OperationState): OperationState {
  if (isFinal(known)) return known
  if (isFinal(report)) return report
  return later(known.updated_at, report.updated_at) ? known : report
}

/** Whether time `a` is after `b`. Both are RFC 3339; the fraction has up to nine digits, without trailing zeros. */
export function later(a = '', b = ''): boolean {
  const [first, second] = [Date.parse(a), Date.parse(b)]
  if (Number.isNaN(first) || Number.isNaN(second)) return false
  if (first !== second) return first > second
  return nanoseconds(a) > nanoseconds(b)
}

function nanoseconds(time: string): number {
  return Number((/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0').slice(0, 9))
}
