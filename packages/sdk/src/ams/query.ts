import type { Query } from '../connection/path.ts'
import type { CallOptions } from '../operations/api.ts'

/** What every list takes besides its own filters. */
export type Listing = {
  /** Lets each thing say what the caller may do with it. */
  entitlements?: boolean
}
export type Paging = Listing & {
  /** How many at most; all unless said. */
  limit?: number
  /** How many to leave out first. */
  offset?: number
}
export type GetOptions = CallOptions & Listing
export type Filter = Record<string, string | number | boolean | string[] | undefined>

/** The query of a list of objects. Lists in a filter are comma-separated, and all of their words are wanted. */
export function listQuery({ entitlements, ...filter }: Filter): Query {
  const words = Object.entries(filter).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value])
  return { recursion: 1, ...Object.fromEntries(words), ...entitled(entitlements === true) }
}

export function entitled(entitlements: boolean | undefined): Query {
  return entitlements ? { entitlements: 1 } : {}
}
